"""What can be wrong with an upload. Each error says what to do; `app.problems` turns it into an HTTP status."""


class InputError(ValueError):
    """An input that no model can be asked about. `str(error)` is shown to the client."""


class EmptyInputError(InputError):
    """Nothing was sent: zero bytes, or a text of white space alone."""


class UnsupportedInputError(InputError):
    """The bytes are not of a kind that is read here: not a picture, not UTF-8 text."""


class BrokenInputError(InputError):
    """The kind is right but the content cannot be read: truncated, damaged, of zero size."""


class OversizedInputError(InputError):
    """The content is larger than the limits allow: pixels, frames or characters."""
