"""What the text encoder makes of a prompt: its tokens, what was cut, what it cannot read."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

MAX_TOKENS = 64
_SHOWN_CHARS = 8


@dataclass(frozen=True)
class Reading:
    """A prompt as token ids, the two marks around it included."""

    ids: tuple[int, ...]
    cut: int  # tokens beyond MAX_TOKENS, left out
    heard_until: int  # characters of the prompt that the kept tokens cover
    unreadable: str  # characters that the encoder has never learnt, each once
    readable: bool  # whether any token carries meaning

    def notices(self) -> tuple[str, ...]:
        """Sentences for a person about what the music cannot follow; usually none."""
        said = []
        if self.unreadable and not self.readable:
            said.append(
                "The model reads English, and nothing in this prompt could be read: "
                "the music follows the tempo, key and chords alone."
            )
        elif self.unreadable:
            shown = " ".join(self.unreadable[:_SHOWN_CHARS])
            more = " …" if len(self.unreadable) > _SHOWN_CHARS else ""
            said.append(f"The model reads English; it passed over {shown}{more}")
        if self.cut:
            said.append(
                f"The prompt is longer than the model reads: it heard the first "
                f"{self.heard_until:,} characters."
            )
        return tuple(said)


class Reader:
    """A tokenizer file, and what it says about a text."""

    def __init__(self, tokenizer_path: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer_path))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._unknown = self._tokenizer.token_to_id("[UNK]")

    def read(self, text: str) -> Reading:
        """At most `MAX_TOKENS` ids, the closing mark kept. Lone surrogates count as unreadable."""
        text = text.encode("utf-8", "replace").decode()
        found = self._tokenizer.encode(text)
        inner = list(zip(found.ids, found.offsets, strict=True))[1:-1]
        kept = inner[: MAX_TOKENS - 2]
        strange = [
            (id == self._unknown or _is_foreign(text[start:stop])) for id, (start, stop) in kept
        ]
        missed = "".join(text[a:b] for (_, (a, b)), odd in zip(kept, strange, strict=True) if odd)
        return Reading(
            ids=(found.ids[0], *(id for id, _ in kept), found.ids[-1]),
            cut=len(inner) - len(kept),
            heard_until=kept[-1][1][1] if kept else 0,
            unreadable="".join(dict.fromkeys(missed)),
            readable=any(
                not odd and any(c.isalnum() for c in text[a:b])
                for (_, (a, b)), odd in zip(kept, strange, strict=True)
            ),
        )


def _is_foreign(word: str) -> bool:
    """Letters of another script: some are in the vocabulary, none was learnt from English."""
    return any(c.isalpha() and not unicodedata.name(c, "").startswith("LATIN") for c in word)
