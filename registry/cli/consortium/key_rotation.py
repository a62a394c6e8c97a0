"""The steps by which a member changes its signing key. The key files and the log say which one is next."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from registry.ceremony import ceremony
from registry.ceremony.ceremony import CeremonyRefused
from registry.ceremony.members import describe_window, find_member
from registry.ceremony.proposal_file import read_proposal, write_proposal
from registry.cli.output import say
from registry.keys.key_proof import OfferedKey
from registry.keys.keystore import NEXT, RETIRED, SIGNING
from registry.keys.member_keys import NodeKey, list_node_keys
from registry.node.ceremony import check_proposal, governance_for, newest_head, read_governance
from registry.node.node import Node
from registry.publishing.errors import AnotherPublisher
from registry.publishing.publishing_lock import publishing_since
from registry.values.plural import plural
from registry.wire import commit as wire_commit
from registry.wire.errors import MalformedCommit
from registry.wire.governance import Head, MemberKeyAdded, MemberKeyRetired
from registry.wire.keys import VerifierKey

_RECENT_SECONDS: Final = 24 * 3600


class Rotation:
    """A change of a member's signing key."""

    def __init__(self, node: Node, *, restarted: bool, another: bool) -> None:
        """Take the operator's word that no process of this node has the old key (`restarted`).

        With `another`, a rotation that was completed within a day is followed by another.
        """
        self._another = another
        self._node = node
        self._member = node.settings.member
        self._restarted = restarted

    def step(self) -> bool:
        """Do what can be done now, and say it; return True if the next step waits for governance."""
        keys = self._read_keys()
        new = next((key for key in keys if key.use == "next"), None)
        former = [key for key in keys if key.use == "former"]
        used = next((key for key in keys if key.use == "in use"), None)
        if new is None and not former and used is not None and used.window is None:
            self._propose_new(used.offered, "key show")
            return False
        if new is None and not former and not self._may_begin():
            say("The change is complete; there is nothing to do. To begin another: registry key rotate --another")
            return False
        if new is None and not former:
            new = self._create_key()
        if new is None:
            return self._retire(former)
        if new.window is not None and new.window.end is not None:
            self._node.keystore.rename_signer(NEXT, f"{RETIRED}{new.id}")
            say(f"The new key {new.id} was retired before it was in use. Begin again: registry key rotate")
            return False
        if not new.counts:
            say("This node does not sign with the new key yet.")
            self._propose_new(new.offered, "key rotate")
            return True
        self._switch(used, new)
        return self._retire([key for key in self._read_keys() if key.use == "former"])

    def _read_keys(self) -> list[NodeKey]:
        record = find_member(read_governance(self._node).state.members, self._member)
        return list_node_keys(self._node.keystore, self._node.settings.origin, record)

    def _create_key(self) -> NodeKey:
        keystore, origin = self._node.keystore, self._node.settings.origin
        if SIGNING in keystore.names():
            keystore.signer(SIGNING, origin)  # if this asks for its passphrase, the new key is encrypted with it, too
        else:
            say(f"This node's key is not in {self._node.settings.keys_folder}: it cannot sign now.")
        keystore.create_signer(NEXT, origin)
        new = next(key for key in self._read_keys() if key.use == "next")
        say(f"A new signing key was made: {new.id}, in {self._node.settings.keys_folder / NEXT}.pem")
        if not keystore.is_encrypted(NEXT):
            say("Its file is NOT encrypted: this node has no passphrase for its keys.", "yellow")
        return new

    def _propose_new(self, offered: OfferedKey, then: str) -> None:
        file = self._file(f"add-key-{offered.vkey.key_id.hex()}")
        self._propose(file, MemberKeyAdded(self._member, str(offered.vkey), self._head()), [offered])
        say(f"Governance must let {offered.vkey.label} sign:")
        self._say_next(file, then)

    def _switch(self, old: NodeKey | None, new: NodeKey) -> None:
        self._node.keystore.replace_signer(None if old is None else old.id)
        say(f"Governance lets {new.id} sign, and this node signs with it from now on.")

    def _retire(self, former: Sequence[NodeKey]) -> bool:
        waits = False
        if not self._signs_by_new_key():
            return False
        for old in former:
            if not old.counts:
                self._node.keystore.rename_signer(str(old.file), f"{RETIRED}{old.id}")
                how = "governance does not know it" if old.window is None else describe_window(old.window)
                say(f"The change is complete. The key {old.id}: {how}.")
                say(f"Its file is {self._node.settings.keys_folder / RETIRED}{old.id}.pem; it is no longer needed.")
            else:
                file = self._file(f"retire-key-{old.id}")
                self._propose(file, MemberKeyRetired(self._member, str(old.offered.vkey), self._head(), "rotated"), [])
                say(f"Governance must retire the old key {old.offered.vkey.label}:")
                self._say_next(file, "key rotate")
                waits = True
        return waits

    def _signs_by_new_key(self) -> bool:
        """Publish what waits with the new key; return False if another process may still sign with the old one.

        Commits that did not count because of the old key are sealed again with the new one.
        """
        try:
            published = self._node.publisher().publish_pending()
        except AnotherPublisher:
            signer = self._node.keystore.signer(SIGNING, self._node.settings.origin)
            if self._signed_newest(signer.vkey):
                return True
            since, changed = publishing_since(self._node.dsn()), self._node.keystore.changed_at(SIGNING)
            if self._restarted and (since is None or since > changed):
                return True
            if since is not None and since <= changed:
                say(f"The process that publishes has done so since {since:%H:%M:%S} UTC, and the key was changed at")
                say(f"{changed:%H:%M:%S} UTC: it was not restarted since.")
            say("Another process of this node publishes (`registry run` or `registry serve`). It read the old key when")
            say("it started. Restart it now; then: registry key rotate --restarted")
            return False
        if published.events:
            say(f"Published {plural(published.events, 'event')} with the new key.")
        for fault in published.faults:
            say(fault, "red")
        return True

    def _may_begin(self) -> bool:
        """Return True if a new rotation may begin: within a day of the last one, only if the operator says so."""
        folder = self._node.settings.keys_folder
        recent = [f for f in folder.glob(f"{RETIRED}*.pem") if time.time() - f.stat().st_ctime < _RECENT_SECONDS]
        return self._another or not recent

    def _signed_newest(self, vkey: VerifierKey) -> bool:
        for record in self._node.log().read_back(self._member):
            try:
                note = wire_commit.parse(record.data).note
            except MalformedCommit:
                continue
            return any(key.verifies(line.signature, note.text.encode()) for key, line in note.by([vkey]))
        return False

    def _head(self) -> Head:
        return newest_head(self._node, self._member, None)

    def _file(self, name: str) -> Path:
        return self._node.settings.home / f"{name}.json"

    def _propose(self, file: Path, act: MemberKeyAdded | MemberKeyRetired, offered: Sequence[OfferedKey]) -> None:
        """Write a proposal, unless the file holds one that can still be signed and published."""
        if file.exists():
            try:
                check_proposal(self._node, read_proposal(file))
            except CeremonyRefused as stale:
                say(f"{file} is written again: {stale}")
            else:
                return
        governance, _ = governance_for(self._node)
        write_proposal(file, ceremony.propose(governance, [act], datetime.now(UTC), offered))

    def _say_next(self, file: Path, then: str) -> None:
        say(f"  the proposal: {file}")
        say(f"  on the nodes with root keys:      registry governance sign {file.name}")
        say(f"  with enough signatures:           registry governance publish {file.name}")
        say(f"  then, on this node:               registry {then}")
