"""The check of a settled log where it is kept: every leaf, commitment, node, root and signed head anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from parkopt.errors import LedgerFault
from parkopt.ledger.canonical import Record
from parkopt.ledger.checkpoint import Checkpoint, open_checkpoint, parse_vkey
from parkopt.ledger.key_change import KEY, check_change, follow_keys
from parkopt.ledger.merkle import Tree, leaf_hash
from parkopt.ledger.report import Report, Said, StepError, run
from parkopt.ledger.settled import HeadColumns, LogStore, opened

Span = tuple[int, str]
"""Last size that a key signs, and its vkey."""


def verify_settled(
    store: LogStore, pinned_vkey: str | None, own_vkey: str, older_checkpoint: str | None = None
) -> Report:
    """Check the whole settled log of a park; it is only read.

    Parameters
    ----------
    store : LogStore
        The rows, in one transaction.
    pinned_vkey : str or None
        The vkey that the reader got by another way; any key of the log's life.
    own_vkey : str
        The one by the park's own word; read only where none is pinned.
    older_checkpoint : str, optional
        A signed note that the reader kept from before.

    Returns
    -------
    Report
        Steps format (no gap), canonical (records, commitments), inclusion (leaf hashes, nodes,
        root), vkey (pinned, changes of key), checkpoint, consistency and older; a step that
        fails names the first record.

    Raises
    ------
    BadVerifierKey
        If ``pinned_vkey`` is none.

    Notes
    -----
    RFC 8785; RFC 9162 section 2.1; c2sp.org/tlog-checkpoint.
    """
    if pinned_vkey is not None:
        parse_vkey(pinned_vkey)
    return run(SettledCheck(store, pinned_vkey, own_vkey, older_checkpoint).plan())


class SettledCheck:
    """One reading of all rows, and what each step makes of it."""

    def __init__(self, store: LogStore, pinned: str | None, own_vkey: str, older: str | None) -> None:
        self._own, self._pinned, self._older = own_vkey, pinned, older
        self.heads: Sequence[HeadColumns] = store.heads()
        self.tree = Tree()
        self.changes: list[tuple[int, Record]] = []
        self._gap: int | None = None
        self._fault: tuple[int, LedgerFault] | None = None
        self._read(store)
        self._node = self._first_wrong_node(store)

    def plan(self) -> list[tuple[str, Callable[[], Said]]]:
        """Return the steps in their order."""
        older = [("older", self.older)] if self._older is not None else []
        return [
            ("format", self.format),
            ("canonical", self.canonical),
            ("inclusion", self.inclusion),
            ("vkey", self.vkey),
            ("checkpoint", self.checkpoint),
            ("consistency", self.consistency),
            *older,
        ]

    def _read(self, store: LogStore) -> None:
        for row in store.leaves():
            if row[0] != self.tree.size:
                self._gap = self.tree.size
                return
            try:
                entry = opened(row)
                if entry.record["type"] == KEY:
                    self.changes.append((entry.idx, entry.record))
            except LedgerFault as fault:
                self._fault = self._fault or (row[0], fault)
            self.tree.append(leaf_hash(row[2]))

    def _first_wrong_node(self, store: LogStore) -> int | None:
        """Return the first record under a node that is missing, wrong or too many."""
        wanted = self.tree.full_nodes(from_level=1)
        wrong: list[int] = []
        kept = store.nodes()
        for place in wanted:
            found = next(kept, None)
            if found != place:
                wrong = [place[1] << place[0]]
                break
        more = next(kept, None)
        if not wrong and more is not None:
            wrong = [min(more[1] << more[0], self.tree.size)]
        return wrong[0] if wrong else None

    def format(self) -> Said:
        """Check that no index is missing."""
        if self._gap is not None:
            raise StepError("a record is missing", "缺少记录", self._gap)
        return Said(f"{self.tree.size} record(s), no gap", f"{self.tree.size} 条记录，无缺口")

    def canonical(self) -> Said:
        """Check that each record is canonical and the one that its leaf commits to."""
        if self._fault is not None:
            index, fault = self._fault
            raise StepError(fault.message("en"), fault.message("zh"), index)
        return Said("each record is the one that was committed to", "每条记录均与其承诺一致")

    def inclusion(self) -> Said:
        """Check the stored hashes, and the newest root against them."""
        if self._node is not None:
            raise StepError("a stored hash of the tree is wrong or missing", "树中存储的哈希有误或缺失", self._node)
        size = self.heads[-1][0] if self.heads else 0
        if self.tree.size != size:
            en, zh = f"{size} signed, {self.tree.size} there", f"已签名 {size} 条，实有 {self.tree.size} 条"
            raise StepError(en, zh, min(size, self.tree.size))
        return Said(f"all {size} record(s) under the signed root", f"全部 {size} 条记录均在已签名的根下")

    def vkey(self) -> Said:
        """Check the changes of key, and that the pinned key leads to the one that signs now."""
        for index, record in self.changes:
            if record.get("size") != index:
                raise StepError("a change of key states another place", "密钥变更记录的位置不符", index)
            check_change(record)
        own = self.spans()[-1][1]
        if self._pinned is None:
            en = f"not pinned: {own} is the log's own word; ask the park by another way"
            return Said(en, f"未指定：{own} 仅为日志自述；请通过其他渠道核实", warn=True)
        if follow_keys(self._pinned, (record for _, record in self.changes)) != own:
            raise StepError(f"the pinned key does not lead to {own}", f"指定的公钥不能通向 {own}")
        changed = f", {len(self.changes)} change(s) of key" if self.changes else ""
        return Said(f"the pinned one{changed}, {own}", f"与指定的一致（密钥变更 {len(self.changes)} 次）：{own}")

    def spans(self) -> list[Span]:
        """Return the keys in their order, each with the last size that it signs."""
        ends = [(index, str(record["old_vkey"])) for index, record in self.changes]
        last = str(self.changes[-1][1]["new_vkey"]) if self.changes else self._pinned or self._own
        return [*ends, (self.tree.size, last)]

    def checkpoint(self) -> Said:
        """Check signature and root of the newest head."""
        if not self.heads:
            return Said("nothing was signed yet", "尚无签名", warn=True)
        self._holds(self.heads[-1])
        return Said(f"{self.heads[-1][0]} record(s) signed", f"已签名 {self.heads[-1][0]} 条记录")

    def consistency(self) -> Said:
        """Check signature and root of every earlier head."""
        for head in self.heads[:-1]:
            self._holds(head)
        count = max(len(self.heads) - 1, 0)
        return Said(f"{count} earlier checkpoint(s) kept", f"与 {count} 个早期检查点一致")

    def older(self) -> Said:
        """Check that the records before the reader's checkpoint are the same."""
        fault: LedgerFault | None = None
        for vkey in dict.fromkeys(vkey for _, vkey in self.spans()):
            try:
                held = open_checkpoint(self._older or "", vkey)
            except LedgerFault as other:
                fault = other
                continue
            return self._kept(held)
        assert fault is not None
        raise fault

    def _kept(self, held: Checkpoint) -> Said:
        if held.size > self.tree.size or self.tree.root(held.size) != held.root:
            raise StepError(f"the log before record {held.size} was rewritten", f"第 {held.size} 条之前的日志被改写过")
        return Said(f"nothing before record {held.size} was rewritten", f"第 {held.size} 条之前未被改写")

    def _holds(self, row: HeadColumns) -> None:
        size, root, note, _ = row
        spans = self.spans()
        head = open_checkpoint(note, next((vkey for end, vkey in spans if size <= end), spans[-1][1]))
        if (head.size, head.root) != (size, root) or size > self.tree.size or self.tree.root(size) != root:
            raise StepError(f"the checkpoint of size {size} is not kept", f"大小为 {size} 的检查点不一致", size)
