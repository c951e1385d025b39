"""Pictures from people, made harmless: checked before they are decoded, then drawn anew without what they carried."""

from __future__ import annotations

import io
import warnings
from typing import Final

from PIL import Image, ImageOps

LARGEST_FILE: Final = 5 * 1024 * 1024
LARGEST_SIDE: Final = 6000
_MOST_PIXELS: Final = 6000 * 6000
_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")


class PictureNotReadable(ValueError):
    """The content is no picture of a kind we take, or is damaged."""


class PictureTooLarge(ValueError):
    """More bytes or pixels than are decoded."""


def square_png(content: bytes, side: int) -> bytes:
    """The middle of a picture as a PNG of side × side pixels, upright and without any metadata.

    The size in the header is looked at before anything is decoded; of moving pictures the first frame is taken.
    """
    if len(content) > LARGEST_FILE:
        raise PictureTooLarge
    with warnings.catch_warnings():
        # Pillow warns of large pictures and damaged metadata: ours is the stricter limit, and metadata is dropped.
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
                if max(picture.size) > LARGEST_SIDE or picture.width * picture.height > _MOST_PIXELS:
                    raise PictureTooLarge
                picture.draft("RGB", (side, side))
                picture.load()
                upright = ImageOps.exif_transpose(picture)
                drawn = ImageOps.fit(upright.convert("RGBA"), (side, side), Image.Resampling.LANCZOS)
        except PictureTooLarge:
            raise
        except Image.DecompressionBombError:
            raise PictureTooLarge from None
        except Exception:  # noqa: BLE001  decoders raise whatever they meet in damaged pictures
            raise PictureNotReadable from None
    clean = Image.new("RGBA", drawn.size)
    clean.paste(drawn)
    written = io.BytesIO()
    clean.save(written, "PNG", optimize=True)
    return written.getvalue()
