"""Two of a kind, side by side: traces, or the requests of scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from llmscope.scope import Scope

if TYPE_CHECKING:
    from llmscope.answers.cohorts import CohortDiff
    from llmscope.answers.diff import TraceDiff
    from llmscope.answers.trace import TraceExplorer


@overload
def diff(left: TraceExplorer, right: TraceExplorer) -> TraceDiff: ...
@overload
def diff(left: Scope, right: Scope) -> CohortDiff: ...
def diff(left: TraceExplorer | Scope, right: TraceExplorer | Scope) -> TraceDiff | CohortDiff:
    """Return what is different between two traces, or between the requests of two scopes.

    See ``llmscope.answers.diff.diff`` and ``llmscope.answers.cohorts.diff_cohorts`` for what is in the answer.

    Args:
        left: The first, such as a good one: ``scope.trace(id)``, or a scope such as ``scope.between(…)``.
        right: The second, of the same kind.

    Raises:
        TypeError: The two are not both traces or both scopes.

    Example:
        >>> import llmscope as ls
        >>> scope = ls.open()
        >>> ls.diff(scope, scope).frame.empty
        True
    """
    if isinstance(left, Scope) and isinstance(right, Scope):
        from llmscope.answers.cohorts import diff_cohorts

        return diff_cohorts(left._selection, right._selection)  # noqa: SLF001 - what a scope is made of
    from llmscope.answers.diff import diff

    return diff(left, right)  # type: ignore[arg-type]  # it tells itself what it cannot compare
