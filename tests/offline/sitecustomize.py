"""Close the network of a Python process, loopback left open: a lesson or a test that needs it is a defect.

The root conftest.py loads this for its own process and puts the folder on PYTHONPATH, so that the kernels of the
lessons and every other Python that a test starts are closed too.
"""

import socket

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


def local(host):
    """Whether ``host`` (a name, an address tuple or a path) stays on this machine."""
    name = host[0] if isinstance(host, tuple) else host
    name = name.decode() if isinstance(name, bytes) else name
    return not isinstance(name, str) or name.startswith(LOOPBACK)


def close_network():
    """Make connecting to, and asking the name of, another host an error that says so. Doing it twice is harmless."""
    if getattr(socket, "closed_for_tests", False):
        return
    socket.closed_for_tests = True
    resolve = socket.getaddrinfo

    def guarded(call):
        def connect(self, address):
            if self.family != getattr(socket, "AF_UNIX", None) and not local(address):
                raise PermissionError(f"the tests run without a network; something asked for {address!r}")
            return call(self, address)

        return connect

    def getaddrinfo(host, *rest, **options):
        if host and not local(host):
            raise socket.gaierror(f"the tests run without a network; something asked for {host!r}")
        return resolve(host, *rest, **options)

    socket.socket.connect = guarded(socket.socket.connect)
    socket.socket.connect_ex = guarded(socket.socket.connect_ex)
    socket.getaddrinfo = getaddrinfo


close_network()
