//! The table: what comes of a fault. Of several rows that fit, the first holds.

use super::disk::{Fault, Happened, Of, Step};
use super::script::During;

/// What comes of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody notices: it only saved time, or the other copy answers.
    GoesOn,
    /// What was asked for is refused, once; the ledger goes on.
    RefusesOne,
    /// It stops writing and answering; a start on a good disk has everything acknowledged.
    Stops,
    /// It does not start and says why; a start on a good disk has everything.
    Refuses,
}

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    pub during: &'static [During],
    pub of: &'static [Of],
    pub steps: &'static [Step],
    pub faults: &'static [Fault],
    /// What may come of it; two where it depends on what the step was for.
    pub outcomes: &'static [Outcome],
    /// Why that is right.
    pub why: &'static str,
}

const ERRORS: &[Fault] = &[Fault::Fails, Fault::FailsButDone, Fault::Half, Fault::NoSpace];
const CHANGES: &[Step] = &[Step::Create, Step::Write, Step::Sync, Step::SetLen, Step::Rename, Step::SyncDir];
const STARTS: &[During] = &[During::Starting, During::StartingFromSnapshot, During::Recovering, During::Healing];
const SERVES: &[During] = &[During::Recording, During::Erasing];
const SIGNS: &[During] = &[During::Signing, During::Closing];

use Outcome::{GoesOn, Refuses, RefusesOne, Stops};

pub const ROWS: &[Row] = &[
    Row {
        during: &[During::Making],
        of: &[Of::Secrets, Of::Journal, Of::Keyring, Of::Checkpoints, Of::Tree, Of::Published, Of::DataDir],
        steps: CHANGES,
        faults: ERRORS,
        outcomes: &[Refuses],
        why: "nothing was acknowledged; the next start makes what is missing",
    },
    Row {
        during: &[During::Making],
        of: &[Of::Secrets, Of::Journal, Of::Tree, Of::Published],
        steps: &[Step::Look],
        faults: &[Fault::Fails],
        outcomes: &[Refuses],
        why: "nothing is made beside what cannot be looked at",
    },
    Row {
        during: &[During::Making],
        of: &[Of::Snapshot, Of::Keyring],
        steps: &[Step::Look],
        faults: &[Fault::Fails],
        outcomes: &[GoesOn],
        why: "neither is there yet",
    },
    Row {
        during: &[During::Making],
        of: &[Of::Checkpoints],
        steps: &[Step::Look],
        faults: &[Fault::Fails],
        outcomes: &[GoesOn, Refuses],
        why: "asked first whether it vouches for anything, then opened",
    },
    Row {
        during: &[During::Making],
        of: &[Of::Keyring, Of::Checkpoints, Of::Tree],
        steps: &[Step::Read],
        faults: &[Fault::Fails],
        outcomes: &[Refuses],
        why: "nothing was acknowledged",
    },
    Row {
        during: &[During::Making],
        of: &[Of::Keyring, Of::Checkpoints, Of::Tree],
        steps: &[Step::Read],
        faults: &[Fault::WrongBytes],
        outcomes: &[GoesOn],
        why: "they are empty",
    },
    Row {
        during: SERVES,
        of: &[Of::Journal, Of::Keyring],
        steps: CHANGES,
        faults: ERRORS,
        outcomes: &[Stops],
        why: "nobody knows what the disk has; what was answered before it is synced, what comes after it is refused",
    },
    Row {
        during: SERVES,
        of: &[Of::Keyring],
        steps: &[Step::Read],
        faults: &[Fault::Fails],
        outcomes: &[RefusesOne, Stops],
        why: "a look-up is refused to whoever asked; a commit that cannot be sealed is given up",
    },
    Row {
        during: SERVES,
        of: &[Of::Keyring],
        steps: &[Step::Read],
        faults: &[Fault::WrongBytes],
        outcomes: &[GoesOn],
        why: "the slot's tag fails, the other file has it",
    },
    Row {
        during: SIGNS,
        of: &[Of::Checkpoints],
        steps: CHANGES,
        faults: ERRORS,
        outcomes: &[Stops],
        why: "a signature that may be on the disk and is not known would be contradicted by the next",
    },
    Row {
        during: SIGNS,
        of: &[Of::Published],
        steps: CHANGES,
        faults: ERRORS,
        outcomes: &[GoesOn],
        why: "the one before it stays; the next is tried",
    },
    Row {
        during: &[During::Closing],
        of: &[Of::Snapshot, Of::DataDir],
        steps: CHANGES,
        faults: ERRORS,
        outcomes: &[GoesOn],
        why: "it only saves time; the one before it stays",
    },
    Row {
        during: &[During::Closing],
        of: &[Of::Journal],
        steps: CHANGES,
        faults: ERRORS,
        outcomes: &[GoesOn],
        why: "only zeros are cut off; every record is synced",
    },
    Row {
        during: STARTS,
        of: &[Of::Journal, Of::Keyring, Of::Checkpoints, Of::Tree, Of::DataDir],
        steps: CHANGES,
        faults: ERRORS,
        outcomes: &[Refuses],
        why: "nothing is served that might not be durable",
    },
    Row {
        during: STARTS,
        of: &[Of::Snapshot],
        steps: &[Step::Look, Step::Read],
        faults: &[Fault::Fails, Fault::WrongBytes],
        outcomes: &[GoesOn],
        why: "it is left out, the whole log is read",
    },
    Row {
        during: STARTS,
        of: &[Of::Secrets, Of::Tree, Of::Published],
        steps: &[Step::Look],
        faults: &[Fault::Fails],
        outcomes: &[Refuses],
        why: "what cannot be looked at is not made anew",
    },
    Row {
        during: STARTS,
        of: &[Of::Journal, Of::Keyring, Of::Checkpoints],
        steps: &[Step::Look],
        faults: &[Fault::Fails],
        outcomes: &[GoesOn, Refuses],
        why: "asked only whose it is, or whether it vouches for anything, it counts as damaged, and the other file of the keyring has the keys while the log is read; then they are opened",
    },
    Row {
        during: STARTS,
        of: &[Of::Secrets, Of::Keyring, Of::Published, Of::Tree],
        steps: &[Step::Read],
        faults: &[Fault::Fails],
        outcomes: &[Refuses],
        why: "the file is named",
    },
    Row {
        during: STARTS,
        of: &[Of::Journal, Of::Checkpoints],
        steps: &[Step::Read],
        faults: &[Fault::Fails],
        outcomes: &[GoesOn, Refuses],
        why: "asked only whose it is or whether it vouches for anything, it counts as damaged; read, the file is named",
    },
    Row {
        during: STARTS,
        of: &[Of::Tree],
        steps: &[Step::Read],
        faults: &[Fault::WrongBytes],
        outcomes: &[GoesOn],
        why: "it does not lead to the signed root; made again from the log",
    },
    Row {
        during: STARTS,
        of: &[Of::Published],
        steps: &[Step::Read],
        faults: &[Fault::WrongBytes],
        outcomes: &[Refuses],
        why: "it is no checkpoint of this ledger",
    },
    Row {
        during: STARTS,
        of: &[Of::Secrets],
        steps: &[Step::Read],
        faults: &[Fault::WrongBytes],
        outcomes: &[GoesOn, Refuses],
        why: "it does not open, unless the byte means the same: a hexadecimal digit in capitals",
    },
    Row {
        during: STARTS,
        of: &[Of::Checkpoints],
        steps: &[Step::Read],
        faults: &[Fault::WrongBytes],
        outcomes: &[GoesOn, Refuses],
        why: "a record damaged at the end counts as torn, one before it is named",
    },
    Row {
        during: STARTS,
        of: &[Of::Journal],
        steps: &[Step::Read],
        faults: &[Fault::WrongBytes],
        outcomes: &[GoesOn, Refuses],
        why: "read a second time before anything is healed or cut; other bytes then: the file is named",
    },
    Row {
        during: &[During::Starting, During::StartingFromSnapshot],
        of: &[Of::Keyring],
        steps: &[Step::Read],
        faults: &[Fault::WrongBytes],
        outcomes: &[GoesOn],
        why: "the slot's tag fails, the other file has it",
    },
    Row {
        during: &[During::Recovering, During::Healing],
        of: &[Of::Keyring],
        steps: &[Step::Read],
        faults: &[Fault::WrongBytes],
        outcomes: &[GoesOn, Refuses],
        why: "where the other file does not have the slot either, the trail is named",
    },
];

/// The row that holds for a step and a fault.
pub fn row(during: During, happened: Happened, fault: Fault) -> Option<usize> {
    ROWS.iter().position(|row| {
        row.during.contains(&during) && row.of.contains(&happened.of) && row.steps.contains(&happened.step) && row.faults.contains(&fault)
    })
}
