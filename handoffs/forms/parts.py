"""What all parts of the SDR's form share: nothing is required, limits are said in words."""

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.db.models.fields import NOT_PROVIDED

from handoffs.editing import Values

TOO_LONG = "At most %(limit_value)d characters; this has %(show_value)d."
NUL = "Contains a character that cannot be stored (NUL). Remove it, or type the text again."


class Day(forms.DateInput):
    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class Moment(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")


class Part(forms.ModelForm):
    """A form for some columns of one row that may be saved however empty.

    `storable` is what can be saved although another field cannot: that field keeps its former
    value, and its error says why.
    """

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before: Values = {name: getattr(self.instance, name) for name in self.fields}
        for field in self.fields.values():
            field.required = False
            if isinstance(field, forms.CharField):
                say_limits_in_words(field)
            elif isinstance(field, forms.TypedChoiceField):
                choices: Any = field.choices
                field.choices = [(key, label if key else "Choose") for key, label in choices]

    def validate_constraints(self) -> None:
        """The rules across columns are the gate's: a draft may be as incomplete as it likes."""

    def storable(self) -> Values:
        self.is_valid()
        return {
            name: self.cleaned_data.get(name, self.before[name])
            if name not in self.errors
            else self.before[name]
            for name in self.fields
        }


def say_limits_in_words(field: forms.CharField) -> None:
    """Count in the error instead of letting the browser cut a pasted text in silence."""
    limit = field.widget.attrs.pop("maxlength", None)
    if limit is not None:
        field.widget.attrs["data-limit"] = limit
    for validator in field.validators:
        if isinstance(validator, MaxLengthValidator):
            validator.message = TOO_LONG
        elif isinstance(validator, ProhibitNullCharactersValidator):
            validator.message = NUL


def model_default(model: Any, name: str) -> Any:
    """What a column holds in a row that nobody has touched."""
    default = model._meta.get_field(name).default
    if default is NOT_PROVIDED:
        return None if model._meta.get_field(name).null else ""
    return default
