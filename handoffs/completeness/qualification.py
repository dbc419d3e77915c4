"""The gate's rules on the standard and on what is answered to it."""

from datetime import date, timedelta

from handoffs import evidence, wording
from handoffs.completeness.package import LINE, SENTENCE, Gap, Gaps, Package
from handoffs.completeness.values import misfit
from handoffs.models import Answer, Criterion, FrameworkVersion, MustHave
from handoffs.models.package import Channel
from team.wording import listed

# How far down Answer.CLAIMS an answer has to be for each minimum.
LEAST: dict[str, int] = {
    Criterion.Minimum.ESTIMATED: 0,
    Criterion.Minimum.STATED: 1,
    Criterion.Minimum.CONFIRMED: 2,
}


def the_standard_is_agreed(p: Package) -> Gaps:
    """Written under a version that both sides signed; retired since then is fine."""
    if p.standard is None:
        message = "No qualification standard is set. Ask RevOps to activate one, then choose it."
    elif p.standard.state == FrameworkVersion.State.DRAFT:
        message = (
            f"{p.standard} is still a draft. An SDR leader and an AE leader have to sign it and "
            "RevOps has to activate it; or choose the active standard."
        )
    else:
        asked = {criterion.must_have for criterion in p.criteria if criterion.is_required}
        unasked = [str(must.label).lower() for must in MustHave if must.value not in asked]
        if not unasked:
            return
        message = (
            f"{p.standard} does not ask for: {'; '.join(unasked)}. Ask RevOps for a version that "
            "does."
        )
    yield Gap("qualification", "framework_version", message)


def required_criteria_are_answered(p: Package) -> Gaps:
    for criterion in p.criteria:
        if not criterion.is_required:
            continue
        answer = p.answers.get(criterion.pk)
        if message := short_of(criterion.minimum, criterion, answer, p.now.date()):
            yield Gap("qualification", f"answers.{criterion.code}", message)


def short_of(minimum: str, criterion: Criterion, answer: Answer | None, today: date) -> str:
    """Why `answer` is less than `minimum` on `today`; "" when it is enough."""
    name = f"“{criterion.name}”"
    status = answer.status if answer else Answer.Status.UNKNOWN
    if status not in (*Answer.CLAIMS, Answer.Status.DISPROVED, Answer.Status.NOT_APPLICABLE):
        return f"{name} is not answered yet. Ask the prospect, and record what they said."
    if status == Answer.Status.DISPROVED:
        return (
            f"They said the opposite about {name}, so this lead does not transfer now. Withdraw "
            "it, or ask again and record the new answer."
        )
    if status == Answer.Status.NOT_APPLICABLE:
        if criterion.must_have:
            return f"{name} always applies. Find it out before the lead transfers."
        reason = (answer.evidence or answer.value) if answer else ""
        ask = f"Write in a sentence why {name} does not apply here."
        return wording.refuse(reason, ask, SENTENCE)
    counts_as = evidence.standing(criterion, answer, today) if answer else status
    if Answer.CLAIMS.index(Answer.Status(counts_as)) >= LEAST.get(minimum, 2):
        return ""
    if counts_as != status and answer and (known := evidence.age(criterion, answer, today)):
        return (
            f"{name} was confirmed {known.days} days ago; that counts for {known.limit} days. "
            "Ask again, and record what they say now."
        )
    if minimum == Criterion.Minimum.CONFIRMED:
        return (
            f"{name} has to be confirmed. Ask for what counts as confirmed, and record who said "
            "it, when and how."
        )
    return f"{name} has to come from the prospect, not from our estimate. Ask them."


def answers_carry_their_proof(p: Package) -> Gaps:
    """Who claims more than “not asked yet” shows what the claim rests on."""
    for criterion, answer in p.answered():
        missing = _missing_proof(p, answer)
        if missing:
            status = str(answer.get_status_display()).lower()
            yield Gap(
                "qualification",
                f"answers.{criterion.code}",
                f"“{criterion.name}” is marked as {status}. Add {listed(missing)}.",
            )


def _missing_proof(p: Package, answer: Answer) -> list[str]:
    estimated = answer.status == Answer.Status.ESTIMATED
    missing = [] if answer.value.strip() else ["the answer itself"]
    if wording.refuse(answer.evidence, "-", LINE if estimated else SENTENCE):
        missing.append(
            "where the estimate comes from"
            if estimated
            else "what the prospect said about it, in a sentence"
        )
    if answer.status != Answer.Status.CONFIRMED:
        return missing
    if wording.is_non_answer(answer.said_by):
        missing.append("who said it")
    if answer.said_on is None:
        missing.append("on which day")
    elif answer.said_on > p.now.date() + timedelta(days=1):
        missing.append("a day that is not in the future")
    if answer.channel not in Channel.values:
        missing.append("in a call, an e-mail or how else")
    return missing


def answers_fit_their_type(p: Package) -> Gaps:
    for criterion, answer in p.answered():
        if answer.value.strip() and (sentence := misfit(criterion, answer)):
            yield Gap(
                "qualification", f"answers.{criterion.code}", f"“{criterion.name}”: {sentence}"
            )
