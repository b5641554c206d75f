"""A worker on a real queue, with a catalog that answers as it is told instead of asking Gitea."""

from bridge.models import Refresh
from bridge.services.refresh import Seen
from bridge.settings import RetentionSettings
from bridge.storage import refreshes
from bridge.worker import Worker, WorkerRules

STEPS = (0.0, 15.0, 60.0, 300.0)


class FakeCatalog:
    """Stands in for Gitea: answers each refresh with the next of ``answers``, the last one for ever."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.looked_at = []

    def refresh(self, repo_id, still_busy=lambda: None):
        self.looked_at.append(repo_id)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer


class NoSchedule:
    def run(self, now):
        pass


class Bench:
    """A worker on a real queue with a pretended catalog."""

    def __init__(self, made):
        self.made, self.clock, self.start = made, made.clock, made.clock()

    def worker(self, *answers, threads=1, **more):
        self.catalog = FakeCatalog(*answers)
        rules = WorkerRules(threads, STEPS, RetentionSettings())
        parts = self.made.parts
        self.work = Worker(self.catalog, NoSchedule(), parts.store, parts.open_session, self.clock, rules, **more)
        return self.work

    def hook(self, repo_id=1):
        with self.made.parts.open_session() as session:
            refreshes.enqueue(session, repo_id, f"acme/{repo_id}", "hook release", self.clock())

    def quietly(self, repo_id=1):
        with self.made.parts.open_session() as session:
            refreshes.enqueue_quietly(session, repo_id, f"acme/{repo_id}", "reconcile", self.clock())

    def row(self, repo_id=1):
        with self.made.parts.open_session(read_only=True) as session:
            return session.get(Refresh, repo_id)

    def due_in(self, repo_id=1):
        row = self.row(repo_id)
        return None if row is None else (row.due_at - self.clock()).total_seconds()

    def looks_until_done(self, most=20):
        """Seconds after the start at which the repo was looked at."""
        at = []
        for _ in range(most):
            before = len(self.catalog.looked_at)
            self.work.run_once()
            at += [(self.clock() - self.start).total_seconds()] * (len(self.catalog.looked_at) - before)
            if self.row() is None:
                break
            self.clock.now = self.row().due_at
        return at


DONE, OPEN = Seen("same", complete=True), Seen("same", complete=False)
