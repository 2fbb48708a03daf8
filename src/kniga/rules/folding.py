"""Text is compared with case and ё/е folded, in Python exactly as in PostgreSQL."""


def fold(text: str) -> str:
    """Return the key under which two texts count as the same: lower case, «ё» as «е».

    Only simple, one-to-one case mappings are used, because PostgreSQL's builtin locale uses those:
    the two letters where Python maps by context or to several letters are mapped beforehand.
    """
    if text.isascii():
        return text.lower()
    return text.replace("İ", "i").replace("Σ", "σ").lower().replace("ё", "е")
