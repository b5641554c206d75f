"""Actions variables: where people's decisions about a repo live."""

from __future__ import annotations

from http import HTTPStatus

from gitea_client.answers import Answer
from gitea_client.calls import Caller
from gitea_client.errors import Conflict, GiteaError, Invalid, NotFound, Unreachable
from gitea_client.levels import Level
from gitea_client.values import Variable

_WRITTEN = (201, 204)
_ROUNDS = 3


class VariableCalls(Caller):
    """The part of ``GiteaClient`` that reads and writes Actions variables."""

    def variables(self, level: Level, *, prefix: str = "") -> dict[str, Variable]:
        """Variables of one level whose names begin with ``prefix``, by upper-case name. Levels are not merged."""
        path = (*level.path, "actions", "variables")
        listed = self._list(Variable.from_json, *path, as_user=level.sudo, identity="name")
        wanted = (variable for variable in listed if variable.name.startswith(prefix))
        # Gitea refuses empty values, but 1.23 lists a repo's variables without any (mended in 1.24): ask one by one.
        whole = (each if each.value else self._variable(level, each.name) for each in wanted)
        return {variable.name: variable for variable in whole if variable is not None}

    def repo_variables(self, owner: str, name: str, *, prefix: str = "") -> dict[str, Variable]:
        """Variables of a repo; needs its owner's or a site admin's token."""
        return self.variables(Level.repo(owner, name), prefix=prefix)

    def org_variables(self, org: str, *, prefix: str = "") -> dict[str, Variable]:
        """Variables of an org; needs a token of its Owners team or a site admin's."""
        return self.variables(Level.org(org), prefix=prefix)

    def user_variables(self, login: str, *, prefix: str = "") -> dict[str, Variable]:
        """Variables of a person; needs a site admin's token, which acts as that person."""
        return self.variables(Level.user(login), prefix=prefix)

    def set_variable(self, level: Level, name: str, value: str, description: str = "") -> None:
        """Make the variable be so, whatever it was; writes nothing when it already is.

        Gitea has neither an upsert nor a version to compare, so a refusal by a race (409, 404, 500) is looked at again.
        """
        failure: GiteaError | None = None
        for _ in range(_ROUNDS):
            current = self._variable(level, name)
            if current is not None and (current.value, current.description) == (_stored(value), description):
                return
            try:
                self._write(level, name, value, description, exists=current is not None)
            except (Conflict, NotFound) as error:
                failure = error
            except Unreachable as error:
                if error.status != HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise
                failure = error
            else:
                return
        raise failure or AssertionError("a round returns or fails")

    def delete_variable(self, level: Level, name: str) -> bool:
        """Remove a variable; returns whether it was there."""
        answer = self._one("DELETE", level, name, ok=(204, 404))
        return answer.status != HTTPStatus.NOT_FOUND

    def _variable(self, level: Level, name: str) -> Variable | None:
        try:
            return Variable.from_json(self._one("GET", level, name, ok=(200,)).json())
        except NotFound:
            return None

    def _write(self, level: Level, name: str, value: str, description: str, *, exists: bool) -> None:
        if not value:
            raise Invalid("a variable cannot be empty; delete it instead")
        # A PUT without a description wipes it, and one without a name keeps it.
        body = {"value": value, "description": description}
        self._one("PUT" if exists else "POST", level, name, ok=_WRITTEN, json=body)

    def _one(
        self, method: str, level: Level, name: str, *, ok: tuple[int, ...], json: dict[str, str] | None = None
    ) -> Answer:
        path = (*level.path, "actions", "variables", name)
        return self._call(method, *path, json=json, ok=ok, as_user=level.sudo)


def _stored(value: str) -> str:
    return value.replace("\r\n", "\n")
