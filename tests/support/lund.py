"""Lund's recognition office on a real PostgreSQL: its private side, its views, and a log that twente issues on."""

from contextlib import nullcontext

import psycopg

from consumers.governance.governance import GovernanceFold
from consumers.projecting.projector import Projector
from consumers.proofs import receipts
from consumers.proofs.tiles import Tiles, follow
from projections.core import views
from registry.application.registry import Registry
from registry.node.adapters.credential_lookup import PostgresCredentialLookup
from registry.office.cases.applicants import Applicant
from registry.office.cases.opening import Application, SubmittedCredential
from registry.office.cases.service import Office
from registry.publishing.publisher import Publisher
from registry.settings.settings import OfficeSetting
from registry.wire.forms import CredentialRef
from registry.wire.recognition import External, Grant, Ground
from tests.support.days import let_the_day_end
from tests.support.node import vault_of
from tests.support.streams import CONSORTIUM, Consortium, new_id

ORIGIN = f"{CONSORTIUM}/lund"
ADA = Applicant(family_name="Jansen", given_name="Ada", date_of_birth="2001-02-03")
STATISTICS = External("Oslo Met", "NO", "Statistics")


class Lund:
    """The office of lund; `own` issues on twente's log."""

    def __init__(self, dsn, **setting):
        let_the_day_end()
        self.dsn = dsn
        self.setting = OfficeSetting(**setting)
        self.consortium = Consortium("twente", "lund")
        self.twente = self.consortium.universities["twente"]
        self.achievement, published = self.twente.publish()
        self.twente.seal(published)
        self.log = self.consortium.log()
        self.views = views.connect(dsn)
        views.create(self.views)
        self._open = []
        self.office = self.another()
        self.registry = self.office.registry
        self.project()

    def another(self):
        """The same office in another process."""
        registry = Registry(self.dsn, ORIGIN, vault_of(self.dsn))
        self._open.append(registry)
        return Office(registry, self.setting, self.lookup())

    def governance(self):
        fold = GovernanceFold(CONSORTIUM, self.consortium.founded)
        for record in self.log.records("governance"):
            fold.take(record.data)
        return fold

    def lookup(self):
        return PostgresCredentialLookup(lambda: nullcontext(self.views), self, self.governance, ORIGIN)

    def standings_at(self, member, leaf):
        """A member's standing when it wrote a leaf, and now."""
        record = self.governance().state.members[member]
        return record.standing_at(leaf), record.standing

    def put(self, *lines):
        """Twente publishes."""
        self.log.append("twente", [self.twente.seal(*lines)])

    def course(self, **content):
        """Twente publishes another achievement; gives its id."""
        achievement, line = self.twente.publish(**content)
        self.put(line)
        self.project()
        return achievement

    def issue(self, *, seen=True, achievement=None, **more):
        """Twente issues a credential; gives its id."""
        credential, line = self.twente.issue(achievement or self.achievement, new_id(), **more)
        self.put(line)
        if seen:
            self.project()
        return credential

    def project(self):
        Projector(self.views, self.log, CONSORTIUM, self.consortium.founded).step()

    def publish(self):
        """Lund publishes what is stored, and looks at it."""
        signer = self.consortium.universities["lund"].signers[0]
        Publisher(self.registry.recorder, self.dsn, self.log, "lund", ORIGIN, [signer]).publish_pending()
        self.project()

    def receipt(self, credential, folder):
        """The receipt of one of twente's credentials, made where nothing is projected."""
        tiles = Tiles(folder / "tiles")
        follow(tiles, self.log, "twente", self.governance())
        for leaf in range(tiles.size):
            proof = receipts.make(self.log, "twente", tiles, leaf)
            if f'"credential":"{credential}"'.encode() in proof.event:
                return str(proof)
        raise AssertionError("it is not on the log")

    def close(self):
        for registry in self._open:
            registry.close()
        self.views.close()

    # Moves that tests make again and again

    def open(self, *subjects, applicant=ADA, purpose="creditTransfer", **more):
        asked = [
            SubmittedCredential(external=one) if isinstance(one, External)
            else one if isinstance(one, SubmittedCredential)
            else SubmittedCredential(credential=CredentialRef("twente", one))
            for one in subjects
        ]  # fmt: skip
        return self.office.open(Application(applicant, asked, purpose, **more), "desk")

    def approved(self, *subjects, grants=None, **more):
        """A case whose proposal is approved."""
        case = self.open(*subjects, **more).case
        self.office.complete(case, "desk")
        self.office.propose(case, grants or [full(*range(len(subjects)), ects=None)], "k.berg")
        self.approve(case, "l.holm")
        return case

    def approve(self, case, by, office=None, **more):
        """Somebody reads the proposal as the case has it, and approves that one."""
        office = office or self.office
        named = office.registry.case(case).proposal_id or ""
        return office.approve(case, by, proposal_id=named, **more)

    def everything(self):
        """The content of the private tables, as PostgreSQL dumps it."""
        with psycopg.connect(self.dsn) as connection:
            tables = connection.execute(
                "SELECT table_schema, table_name FROM information_schema.tables"
                " WHERE table_schema IN ('office', 'vault') OR table_name = 'registry_events'"
            ).fetchall()
            found = b""
            for schema, table in tables:
                with connection.cursor().copy(f'COPY "{schema}"."{table}" TO STDOUT (FORMAT binary)') as copy:
                    found += b"".join(bytes(block) for block in copy)
        return found


def full(*of, ects=5):
    return Grant(list(of or (0,)), "full", "recognised", "none", ects=ects)


def grant(outcome, *grounds, of=(0,), **more):
    return Grant(
        list(of), outcome, "recognised", "none", grounds=[Ground(*each.split(":")) for each in grounds], **more
    )
