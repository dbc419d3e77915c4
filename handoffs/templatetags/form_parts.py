"""The pieces of the SDR's form: one field with its error and gap, and the gaps of a list or row."""

from typing import Any

from django import forms, template

register = template.Library()


@register.inclusion_tag("handoffs/form_cell.html", takes_context=True)
def cell(
    context: dict[str, Any],
    bound: forms.BoundField,
    key: str = "",
    width: str = "",
    label: str = "",
    hint: str = "",
) -> dict[str, Any]:
    """A labelled field; `key` is the gate's name for it, whose gaps stand below it."""
    errors_by_name, gaps_by_key = context.get("errors") or {}, context.get("gap_texts") or {}
    notes = f"{bound.id_for_label}-notes"
    errors = list(errors_by_name.get(bound.html_name, [])) or list(bound.errors)
    attributes: dict[str, str | bool] = {"aria-describedby": notes}
    if errors:
        attributes["aria-invalid"] = "true"
    return {
        "bound": bound,
        "widget": bound.as_widget(attrs=attributes),
        "label": label or str(bound.label)[:1].upper() + str(bound.label)[1:],
        "hint": hint,
        "key": key,
        "width": width,
        "notes": notes,
        "errors": errors,
        "gaps": gaps_by_key.get(key, []) if key else [],
        "limit": bound.field.widget.attrs.get("data-limit", ""),
        "is_tick": isinstance(bound.field.widget, forms.CheckboxInput),
    }


@register.inclusion_tag("handoffs/form_gaps.html", takes_context=True)
def gaps_at(context: dict[str, Any], key: str) -> dict[str, Any]:
    """What the gate says about this field, list or row."""
    return {"key": key, "gaps": (context.get("gap_texts") or {}).get(key, [])}


@register.inclusion_tag("handoffs/form_hints.html", takes_context=True)
def hints_at(context: dict[str, Any], key: str) -> dict[str, Any]:
    """Advice on this answer or row."""
    return {"key": key, "hints": (context.get("hint_texts") or {}).get(key, [])}


@register.inclusion_tag("handoffs/form_errors.html", takes_context=True)
def errors_at(context: dict[str, Any], name: str) -> dict[str, Any]:
    """What could not be stored of a field or list, by its name on the page."""
    return {"name": name, "errors": (context.get("errors") or {}).get(name, [])}


@register.simple_tag(takes_context=True)
def section_state(context: dict[str, Any], key: str) -> Any:
    """The state of one section: how much it lacks."""
    return next(state for state in context["sheet"].sections() if state.key == key)
