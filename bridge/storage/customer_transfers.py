"""What becomes of the customers of a repo that goes to another owner."""

from datetime import datetime

from sqlalchemy import bindparam, text
from sqlmodel import Session

from bridge.models.base import UtcDateTime

# All in SQL, since a repo may have any number of keys. Both databases spell it the same.
_MEET = """
INSERT INTO customer (owner_id, email, email_key, name, name_key, created_at)
SELECT :owner_id, email, email_key, name, name_key, :now FROM customer
WHERE id IN (SELECT customer_id FROM license_key
             WHERE package_id IN (SELECT id FROM package WHERE repo_id = :repo_id) AND customer_id IS NOT NULL)
ON CONFLICT DO NOTHING
"""
_INDEX = """
INSERT INTO customer_word (customer_id, of_mail, word, owner_id)
SELECT fresh.id, of_mail, word, :owner_id FROM customer
JOIN customer AS fresh ON fresh.email_key = customer.email_key AND fresh.owner_id = :owner_id
JOIN customer_word ON customer_word.customer_id = customer.id
WHERE customer.id IN (SELECT customer_id FROM license_key
                      WHERE package_id IN (SELECT id FROM package WHERE repo_id = :repo_id)
                      AND customer_id IS NOT NULL)
ON CONFLICT DO NOTHING
"""
_LEAVE = """
INSERT INTO customer_past_key (customer_id, key_id, left_at)
SELECT customer_id, id, :now FROM license_key
WHERE package_id IN (SELECT id FROM package WHERE repo_id = :repo_id) AND customer_id IS NOT NULL
ON CONFLICT (customer_id, key_id) DO UPDATE SET left_at = excluded.left_at
"""
_ARRIVE = """
UPDATE license_key
SET customer_id = (SELECT fresh.id FROM customer
                   JOIN customer AS fresh ON fresh.email_key = customer.email_key AND fresh.owner_id = :owner_id
                   WHERE customer.id = license_key.customer_id)
WHERE package_id IN (SELECT id FROM package WHERE repo_id = :repo_id) AND customer_id IS NOT NULL
"""


def hand_over(session: Session, repo_id: int, owner_id: int, now: datetime) -> None:
    """Let the keys of a transferred repo belong to customers of its new owner, who may know some of them already.

    With the former owner they stay as past ones: its audit trail still tells of them.
    """
    session.flush()
    moment = bindparam("now", now, type_=UtcDateTime())
    session.execute(text(_MEET).bindparams(moment, owner_id=owner_id, repo_id=repo_id))
    session.execute(text(_INDEX).bindparams(owner_id=owner_id, repo_id=repo_id))
    session.execute(text(_LEAVE).bindparams(moment, repo_id=repo_id))
    session.execute(text(_ARRIVE).bindparams(owner_id=owner_id, repo_id=repo_id))
