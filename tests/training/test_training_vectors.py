"""Features made once: the same numbers as the network makes, and a head that learns on them."""

import numpy as np
import torch

from thyrolearn import data, models, training


def cohort(count=40, frames=3):
    """Clips of a disc, bright in the malignant; each clip's frames differ in noise."""
    rng, cases = np.random.default_rng(0), []
    disc = np.hypot(*np.mgrid[-16:16, -16:16]) < 8
    for n in range(count):
        for k in range(frames):
            image = rng.integers(0, 90, (32, 32)) + 60 * (n % 2) * disc
            known = {"patient": f"p{n}", "nodule": "1", "label": n % 2, "boxes": ((8, 8, 24, 24),), "raw": {"frame": k}}
            cases.append(data.Case.of(image.astype(np.uint8), id=f"{n}-{k}", **known))
    return data.Cohort(cases)


def test_features_of_clips_are_the_encoders_and_a_joiner_on_them_is_the_clip_network():
    clips = data.clips(cohort(6), size=32, frames=3)
    net = models.create("clipnet", size=32, width=4, join="gru").eval()
    found = training.features(net.encoder, clips)
    assert found.images.shape == (6, 3, net.encoder.channels) and len(found) == 6
    joiner = models.create("joiner", channels=net.encoder.channels, join="gru").eval()
    joiner.load_state_dict({k: v for k, v in net.state_dict().items() if not k.startswith("encoder.")})
    with torch.no_grad():
        torch.testing.assert_close(joiner(found.images), net(clips.images.float() / 255))


def test_features_leave_the_encoder_as_it_was():
    net = models.create("resnet", size=32, width=4).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    found = training.features(net, data.batches(cohort(4), size=32))
    assert net.training and found.images.shape == (12, 32) and not found.images.requires_grad
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_a_joiner_learns_from_features_and_is_judged_by_patient():
    clips = data.clips(cohort(), size=32, frames=3)
    found = training.features(models.create("resnet", size=32, width=4), clips)
    assert list(found[[1, 0]].labels) == [1, 0] and found[[1, 0]].cohort[0] is clips.cohort[1]
    net = models.create("joiner", channels=found.images.shape[2], join="attention")
    run = training.fit(net, training.classification(), found, epochs=60, batch=20, rate=5e-2, progress=False)
    judged = run.evaluate(found)["auc"]
    assert judged.value > 0.9 and judged.n == 40
    turned = found.with_images(found.images.flip(1))
    np.testing.assert_allclose(run.predict(found), run.predict(turned), atol=1e-6)


def test_embeddings_are_what_the_network_embeds_at_any_size_and_in_half_precision():
    net = models.create("torchvision:resnet18", weights="random")
    images = torch.randint(0, 256, (5, 1, 40, 40), dtype=torch.uint8)
    small = torch.nn.functional.interpolate(images.float() / 255, size=(32, 32), mode="bilinear", antialias=True)
    with torch.no_grad():
        own, resized = net.eval().embed(images.float() / 255), net.embed(small)
    torch.testing.assert_close(training.embeddings(net, images, batch=2), own, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(training.embeddings(net, images, size=32), resized, rtol=1e-4, atol=1e-5)
    found = training.embeddings(net, images, half=True)
    assert found.dtype == torch.float32
    assert (found - own).abs().max() < 0.02 * own.abs().max()  # bfloat16 keeps eight bits
