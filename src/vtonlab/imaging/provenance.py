"""What a picture says about how it came to be: IPTC's digital source type, carried as XMP.

The property is ``Iptc4xmpExt:DigitalSourceType`` of the IPTC Photo Metadata Standard; its values are the NewsCodes
of http://cv.iptc.org/newscodes/digitalsourcetype/. XMP's packet form is ISO 16684-1.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from vtonlab.imaging.formats import DECODER_ERRORS, open_as, recognise

NEWSCODES: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"


class SourceType(StrEnum):
    """How a picture was made, in the words of IPTC's digital source type NewsCodes."""

    COMPOSITE = "composite"
    """Put together from several elements, as an engine does that works by geometry (NewsCode of September 2024)."""
    COMPOSITE_CAPTURE = "compositeCapture"
    """Put together from elements that are all captures of real life."""
    COMPOSITE_GENERATED = "compositeWithTrainedAlgorithmicMedia"
    """A photo edited by a generative model."""
    GENERATED = "trainedAlgorithmicMedia"
    """Made by a generative model."""

    @property
    def uri(self) -> str:
        """The NewsCode, an identifier and not an address to be called."""
        return NEWSCODES + self.value


_PACKET: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    ' Iptc4xmpExt:DigitalSourceType="{uri}"/></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)

# XMP writes a simple property as an attribute, an element or a resource. It is searched, not parsed: the packet comes
# from strangers, and an XML parser would have to be guarded against their entities.
_PROPERTY: Final = re.compile(
    rb"DigitalSourceType(?:\s*=\s*[\"']|\s*>|\s+rdf:resource\s*=\s*[\"'])\s*(https?://cv\.iptc\.org/[\w/.-]{1,100})"
)


def make_xmp(source_type: SourceType) -> bytes:
    """An XMP packet (UTF-8) that says ``source_type`` and nothing else."""
    return _PACKET.format(uri=source_type.uri).encode()


def read_source_type(data: bytes) -> str | None:
    """The digital source type's URI in the XMP of an encoded picture; None where it has none or is no picture.

    >>> read_source_type(b"not a picture") is None
    True
    """
    kind = recognise(data[:64])
    if kind is None:
        return None
    try:
        image = open_as(kind, data)
        xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    except DECODER_ERRORS:
        return None
    found = _PROPERTY.search(xmp.encode() if isinstance(xmp, str) else bytes(xmp))
    return found[1].decode() if found else None
