//! An entry as bytes: a format byte, the kind, the time, a MessagePack body and a checksum chained to the entry before.
//!
//! ```text
//! byte 0      format, 3; older ones have 1, a body with named fields
//! bytes 1–2   kind, big-endian
//! bytes 3–10  time, milliseconds since 1970 UTC, big-endian
//! …           body: MessagePack, the fields by their places
//! last 8      XXH3-64 of all before, seeded with the checksum of the entry before (the first: with the run's number)
//! ```

use super::{Entry, Fact, Moment, RunNo};
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

/// The format that is written: fields by their places. 2 is what stands in the place of a large entry.
const FORMAT: u8 = 3;
/// The format that was written first: fields by their names.
const NAMED: u8 = 1;
const HEAD: usize = 11;
const TAIL: usize = 8;

/// The checksum of an entry, which the next one's is chained to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Checksum(pub u64);

/// A sealed entry: bytes with their checksum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record(#[serde(with = "serde_bytes")] Vec<u8>);

/// Why bytes are no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The checksum does not fit: the bytes were damaged, moved or cut.
    #[error("its checksum does not match")]
    Checksum,
    /// Too few bytes.
    #[error("it is cut short")]
    Short,
    /// A format byte of a later version.
    #[error("it has format {0}; it was written by a newer durun")]
    Format(u8),
    /// The body does not decode.
    #[error("its body does not decode: {0}")]
    Body(String),
    /// The entry cannot be encoded.
    #[error("it cannot be encoded: {0}")]
    Encode(String),
}

impl Checksum {
    /// What the first entry of a run is chained to.
    pub fn first(run: RunNo) -> Self {
        Self(XxHash3_64::oneshot_with_seed(0x6475_7275_6e31, &run.0.to_be_bytes()))
    }
}

#[derive(Serialize, Deserialize)]
struct Began {
    seed: u64,
}

impl Fact {
    fn code(&self) -> u16 {
        match self {
            Self::RunBegan { .. } => 1,
            Self::ActivityCompleted(_) => 2,
            Self::ActivityFailed(_) => 3,
            Self::TimerFired(_) => 4,
            Self::SignalReceived(_) => 5,
            Self::CancelRequested(_) => 6,
            Self::RunEnded(_) => 7,
            Self::TokenResolved(_) => 20,
            Self::QuestionAnswered(_) => 21,
            Self::RunRestarted(_) => 30,
            Self::LockGranted(_) => 40,
            Self::ChildEnded(_) => 50,
            Self::UpdateAccepted(_) => 60,
            Self::UpdateCompleted(_) => 61,
            Self::Unknown { code, .. } => *code,
        }
    }
}

impl Record {
    /// Seals an entry behind the one whose checksum is `before`; gives the checksum for the next.
    ///
    /// # Errors
    /// [`RecordError::Encode`] where the body cannot be encoded.
    pub fn seal(entry: &Entry, before: Checksum) -> Result<(Self, Checksum), RecordError> {
        Self::seal_as(FORMAT, entry, before)
    }

    fn seal_as(format: u8, entry: &Entry, before: Checksum) -> Result<(Self, Checksum), RecordError> {
        let mut bytes = Vec::with_capacity(256);
        bytes.push(format);
        bytes.extend_from_slice(&entry.fact.code().to_be_bytes());
        bytes.extend_from_slice(&entry.at.0.to_be_bytes());
        let written = match &entry.fact {
            Fact::RunBegan { seed } => write_body(format, &mut bytes, &Began { seed: *seed }),
            Fact::ActivityCompleted(body) => write_body(format, &mut bytes, body),
            Fact::ActivityFailed(body) => write_body(format, &mut bytes, body),
            Fact::TimerFired(body) => write_body(format, &mut bytes, body),
            Fact::SignalReceived(body) => write_body(format, &mut bytes, body),
            Fact::CancelRequested(body) => write_body(format, &mut bytes, body),
            Fact::RunEnded(body) => write_body(format, &mut bytes, body),
            Fact::TokenResolved(body) => write_body(format, &mut bytes, body),
            Fact::QuestionAnswered(body) => write_body(format, &mut bytes, body),
            Fact::LockGranted(body) => write_body(format, &mut bytes, body),
            Fact::ChildEnded(body) => write_body(format, &mut bytes, body),
            Fact::UpdateAccepted(body) => write_body(format, &mut bytes, body),
            Fact::UpdateCompleted(body) => write_body(format, &mut bytes, body),
            Fact::RunRestarted(body) => write_body(format, &mut bytes, body),
            Fact::Unknown { raw, .. } => {
                bytes.extend_from_slice(raw);
                Ok(())
            }
        };
        written.map_err(|error| RecordError::Encode(error.to_string()))?;
        let checksum = XxHash3_64::oneshot_with_seed(before.0, &bytes);
        bytes.extend_from_slice(&checksum.to_be_bytes());
        Ok((Self(bytes), Checksum(checksum)))
    }

    /// Takes bytes as they were read. Nothing is believed before [`Record::open`].
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The checksum that the bytes carry, unverified.
    pub fn checksum(&self) -> Option<Checksum> {
        let tail: [u8; TAIL] = self.0.last_chunk().copied()?;
        (self.0.len() >= HEAD + TAIL).then(|| Checksum(u64::from_be_bytes(tail)))
    }

    /// The time that the bytes carry, unverified.
    pub fn at(&self) -> Option<Moment> {
        self.0.get(3..HEAD)?.first_chunk().copied().map(i64::from_be_bytes).map(Moment)
    }

    /// Verifies the checksum against the entry before and decodes. An unknown kind is kept raw.
    ///
    /// # Errors
    /// [`RecordError`] where the bytes are short, damaged, of a later format, or do not decode.
    pub fn open(&self, before: Checksum) -> Result<(Entry, Checksum), RecordError> {
        let (code, at, body, checksum) = self.verified(before)?;
        Ok((Entry { at, fact: fact(code, body)? }, checksum))
    }

    /// Verifies the checksum; decodes only what others than the run itself have to know of: messages that were delivered, and
    /// answers to them.
    ///
    /// # Errors
    /// As [`Record::open`].
    pub fn open_message(&self, before: Checksum) -> Result<(Option<Fact>, Checksum), RecordError> {
        let (code, _, body, checksum) = self.verified(before)?;
        let is_own = matches!(code, 1..=4 | 7 | 30);
        Ok((if is_own { None } else { Some(fact(code, body)?) }, checksum))
    }

    fn verified(&self, before: Checksum) -> Result<(u16, Moment, &[u8], Checksum), RecordError> {
        let (rest, tail) = self.0.split_last_chunk::<TAIL>().ok_or(RecordError::Short)?;
        let (head, body) = rest.split_first_chunk::<HEAD>().ok_or(RecordError::Short)?;
        let checksum = u64::from_be_bytes(*tail);
        if checksum != XxHash3_64::oneshot_with_seed(before.0, rest) {
            return Err(RecordError::Checksum);
        }
        let [format, code_high, code_low, time @ ..] = *head;
        if !matches!(format, FORMAT | NAMED) {
            return Err(RecordError::Format(format));
        }
        let code = u16::from_be_bytes([code_high, code_low]);
        Ok((code, Moment(i64::from_be_bytes(time)), body, Checksum(checksum)))
    }
}

fn fact(code: u16, body: &[u8]) -> Result<Fact, RecordError> {
    Ok(match code {
        1 => Fact::RunBegan { seed: read_body::<Began>(body)?.seed },
        2 => Fact::ActivityCompleted(read_body(body)?),
        3 => Fact::ActivityFailed(read_body(body)?),
        4 => Fact::TimerFired(read_body(body)?),
        5 => Fact::SignalReceived(read_body(body)?),
        6 => Fact::CancelRequested(read_body(body)?),
        7 => Fact::RunEnded(read_body(body)?),
        20 => Fact::TokenResolved(read_body(body)?),
        21 => Fact::QuestionAnswered(read_body(body)?),
        30 => Fact::RunRestarted(read_body(body)?),
        40 => Fact::LockGranted(read_body(body)?),
        50 => Fact::ChildEnded(read_body(body)?),
        60 => Fact::UpdateAccepted(read_body(body)?),
        61 => Fact::UpdateCompleted(read_body(body)?),
        code => Fact::Unknown { code, raw: body.to_vec() },
    })
}

fn write_body(
    format: u8,
    bytes: &mut Vec<u8>,
    body: &impl Serialize,
) -> Result<(), rmp_serde::encode::Error> {
    let mut serializer = rmp_serde::Serializer::new(bytes);
    if format == NAMED {
        body.serialize(&mut serializer.with_struct_map())
    } else {
        body.serialize(&mut serializer)
    }
}

fn read_body<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, RecordError> {
    crate::history::decode(body).map_err(|error| RecordError::Body(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{
        ActivityCompleted, ActivityFailed, CancelCause, CancelRequested, ChildEnded, ChildOutcome, Choice,
        CommandKind, CommandLabel, Failure, LockGranted, MessageId, MessageNo, OpId, QuestionAnswered,
        Resolution, RunEnd, RunEnded, RunId, RunRestarted, SignalReceived, Stuck, TimerFired, TokenResolved,
        UpdateAccepted, UpdateAnswer, UpdateCompleted, Value,
    };

    fn label(kind: CommandKind, name: &str) -> CommandLabel {
        CommandLabel { kind, name: name.to_owned() }
    }

    fn resolved(resolution: Resolution) -> Fact {
        Fact::TokenResolved(Box::new(TokenResolved {
            message_no: MessageNo(3),
            message_id: MessageId([9; 16]),
            token: "order.abc".to_owned(),
            resolution,
            accepted_at: Moment(5),
        }))
    }

    fn child_ended(outcome: ChildOutcome) -> Fact {
        Fact::ChildEnded(Box::new(ChildEnded {
            message_no: MessageNo(6),
            message_id: MessageId([5; 16]),
            op: OpId(7),
            child: RunId::parse("p.7").expect("an id"),
            outcome,
            accepted_at: Moment(8),
        }))
    }

    fn update_completed(answer: UpdateAnswer) -> Fact {
        Fact::UpdateCompleted(Box::new(UpdateCompleted {
            message_no: MessageNo(7),
            message_id: MessageId([6; 16]),
            name: "raise".to_owned(),
            answer,
        }))
    }

    fn one_of_each() -> Vec<Fact> {
        vec![
            Fact::RunBegan { seed: u64::MAX },
            Fact::ActivityCompleted(Box::new(ActivityCompleted {
                op: OpId(0),
                label: label(CommandKind::Activity, "charge"),
                input: Value::from([("a", Value::Bytes(vec![1, 2]))]),
                result: Value::Float(1.5),
                attempts: 2,
                scheduled_at: Moment(5),
                ended_at: Moment(9),
            })),
            Fact::ActivityFailed(Box::new(ActivityFailed {
                op: OpId(1),
                label: label(CommandKind::Sh, "sh"),
                input: Value::Null,
                failure: Failure::new("exec", "no").with("exit_code", 3_i64),
                attempts: 1,
                scheduled_at: Moment(5),
                ended_at: Moment(9),
            })),
            Fact::TimerFired(TimerFired {
                op: OpId(2),
                label: label(CommandKind::Sleep, ""),
                due: Moment(7),
            }),
            Fact::SignalReceived(Box::new(SignalReceived {
                message_no: MessageNo(1),
                message_id: MessageId([7; 16]),
                name: "go".to_owned(),
                payload: Value::Null,
                accepted_at: Moment(3),
            })),
            Fact::CancelRequested(Box::new(CancelRequested {
                message_no: MessageNo(2),
                message_id: MessageId([8; 16]),
                cause: CancelCause::Timeout,
                reason: "late".to_owned(),
                accepted_at: Moment(4),
            })),
            Fact::RunEnded(Box::new(RunEnded::of(RunEnd::Completed { result: Value::Int(1) }))),
            resolved(Resolution::Resolved(Value::Null)),
            resolved(Resolution::Rejected("no".to_owned())),
            Fact::QuestionAnswered(Box::new(QuestionAnswered {
                message_no: MessageNo(4),
                message_id: MessageId([9; 16]),
                question: OpId(3),
                choice: Choice {
                    choice: "yes".to_owned(),
                    who: "ada".to_owned(),
                    note: String::new(),
                    asked: String::new(),
                },
                accepted_at: Moment(6),
            })),
            Fact::LockGranted(Box::new(LockGranted {
                message_no: MessageNo(5),
                message_id: MessageId([4; 16]),
                op: OpId(4),
                label: label(CommandKind::WithLock, "db"),
                accepted_at: Moment(7),
            })),
            child_ended(ChildOutcome::Ended(RunEnd::Completed { result: Value::Int(3) })),
            child_ended(ChildOutcome::Stuck(Box::new(Stuck {
                kind: "fault".to_owned(),
                message: "no".to_owned(),
                file: None,
                line: Some(3),
                column: None,
                calls: Vec::new(),
                hint: None,
            }))),
            Fact::UpdateAccepted(Box::new(UpdateAccepted {
                message_no: MessageNo(7),
                message_id: MessageId([6; 16]),
                name: "raise".to_owned(),
                argument: Value::Int(4),
                accepted_at: Moment(9),
            })),
            update_completed(UpdateAnswer::Gave(Value::Null)),
            update_completed(UpdateAnswer::Threw(Failure::new("failure", "no"))),
            Fact::RunRestarted(Box::new(RunRestarted { generation: 3, input: Value::Int(2) })),
            Fact::Unknown { code: 900, raw: vec![1, 2, 3] },
        ]
    }

    #[test]
    fn every_kind_of_entry_comes_back_as_it_was() {
        let mut before = Checksum::first(RunNo(1));
        for fact in one_of_each() {
            let entry = Entry { at: Moment(-3), fact };
            let (record, next) = Record::seal(&entry, before).expect("seals");
            assert_eq!(record.checksum(), Some(next));
            assert_eq!(record.open(before), Ok((entry, next)));
            before = next;
        }
    }

    #[test]
    fn every_kind_of_entry_that_was_written_with_names_is_read() {
        let before = Checksum::first(RunNo(1));
        for fact in one_of_each() {
            let entry = Entry { at: Moment(7), fact };
            let (record, next) = Record::seal_as(NAMED, &entry, before).expect("seals");
            assert_eq!(record.open(before), Ok((entry, next)));
        }
    }

    #[test]
    fn any_flipped_bit_and_any_cut_is_told() {
        let before = Checksum::first(RunNo(1));
        for fact in one_of_each() {
            let (record, _) = Record::seal(&Entry { at: Moment(1), fact }, before).expect("seals");
            for bit in 0..record.0.len() * 8 {
                let mut bytes = record.0.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Record(bytes).open(before), Err(RecordError::Checksum));
            }
            for length in 0..record.0.len() {
                assert!(Record(record.0[..length].to_vec()).open(before).is_err());
            }
        }
    }

    #[test]
    fn an_entry_in_the_wrong_place_is_told() {
        let (record, _) = Record::seal(
            &Entry { at: Moment(1), fact: Fact::RunBegan { seed: 1 } },
            Checksum::first(RunNo(1)),
        )
        .expect("seals");
        assert_eq!(record.open(Checksum::first(RunNo(2))), Err(RecordError::Checksum));
    }
}
