"""XML from strangers: no entities, no document types, and a truncated file is named, not half-read."""

from pathlib import Path
from typing import TYPE_CHECKING

from thyrolearn.errors import DataError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["read_xml", "text_of"]

LARGEST = 20_000_000  # bytes; the largest DDTI file has 20 thousand


def read_xml(path: Path | str) -> "Element":
    """Parse ``path`` and return its root element.

    Document types, entities and external references are refused (`defusedxml`, ``forbid_dtd=True``): that is
    what stops the "billion laughs" and the reading of local files. Raises `DataError` with file and remedy.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "1.xml"
    ...     _ = path.write_text("<case><tirads> 4a </tirads></case>")
    ...     text_of(read_xml(path), "tirads")
    '4a'
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(
                f"{path} is larger than {LARGEST // 1_000_000} MB.", "An annotation file is small: check it."
            )
        return fromstring(path.read_bytes(), forbid_dtd=True)
    except OSError as problem:
        raise DataError(f"{path} cannot be read ({problem.strerror}).", "Check the path and its permissions.") from None
    except DefusedXmlException:
        raise DataError(
            f"{path} declares a document type or entities.", "Such files are refused: remove the DTD."
        ) from None
    except (ParseError, ValueError, LookupError) as problem:
        raise DataError(f"{path} is cut off or not XML ({problem}).", "Copy or download the file again.") from None


def text_of(element: "Element", name: str) -> str:
    """The text of the child ``name``, stripped; empty where there is none."""
    return (element.findtext(name) or "").strip()
