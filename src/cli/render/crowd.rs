//! A crowd: commands that stand in one line of the script and wait for the same, told once, with all the names.

use super::few;
use super::waits::name;
use crate::cli::escape::{cut, line};
use crate::history::{CommandKind, Pending};

/// So many of a crowd are named.
const NAMED: usize = 10;
/// The longest name that is shown, in characters.
const LONGEST: usize = 40;

/// Pending commands that stand alike; one alone is a crowd of one. Never empty.
pub(super) struct Crowd<'a>(Vec<&'a Pending>);

/// The commands in crowds, each at the place of its first. Where these were more than `most`, those in one line are together however
/// they fare.
pub(super) fn crowds<'a>(rows: &[&'a Pending], most: usize) -> Vec<Crowd<'a>> {
    let fine = gathered(rows, true);
    if fine.len() > most { gathered(rows, false) } else { fine }
}

fn gathered<'a>(rows: &[&'a Pending], is_fine: bool) -> Vec<Crowd<'a>> {
    let mut crowds: Vec<Crowd<'a>> = Vec::new();
    for row in rows {
        match crowds.iter_mut().find(|crowd| crowd.takes(row, is_fine)) {
            Some(crowd) => crowd.0.push(row),
            None => crowds.push(Crowd(vec![row])),
        }
    }
    crowds
}

impl<'a> Crowd<'a> {
    fn takes(&self, row: &Pending, is_fine: bool) -> bool {
        // A question and a token are somebody's to answer, each for itself.
        let is_own = matches!(row.label.kind, CommandKind::Ask | CommandKind::WaitToken);
        let error = |row: &Pending| row.last_failure.as_ref().map(|last| last.message.clone());
        !is_own
            && self.0.first().is_some_and(|first| {
                let fare = |row: &Pending| (row.waits_for.clone(), row.failures, error(row));
                (first.label.kind, first.line) == (row.label.kind, row.line)
                    && (!is_fine || fare(first) == fare(row))
            })
    }

    /// How many it has.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// How many of it have failed before, where that holds for some of it and not for others.
    pub(super) fn failed(&self) -> Option<usize> {
        let failed = self.0.iter().filter(|row| row.failures > 0).count();
        (failed > 0 && failed < self.0.len()).then_some(failed)
    }

    /// The one that goes on first.
    pub(super) fn next(&self) -> Option<&'a Pending> {
        let soonest = |row: &&&Pending| (row.next_try.or(row.due).map_or(i64::MAX, |at| at.0), row.op);
        self.0.iter().min_by_key(soonest).copied()
    }

    /// `8 strands stand in line 2 at exec curl: a, b, c`.
    pub(super) fn words(&self) -> String {
        let Some(first) = self.0.first() else { return String::new() };
        let place = first.line.map(|line| format!(" in line {line}")).unwrap_or_default();
        let is_one_name = self.0.iter().all(|row| row.label.name == first.label.name);
        let at = if is_one_name {
            name(first.label.kind, &first.label.name)
        } else {
            first.label.kind.word().to_owned()
        };
        let named = |row: &&Pending| match &row.strand {
            Some(strand) => Some(strand.clone()),
            None if is_one_name => None,
            None => Some(row.label.name.clone()),
        };
        let names: Vec<String> = self.0.iter().copied().filter_map(|row| named(&row)).collect();
        let shown: Vec<String> = names.iter().take(NAMED).map(|name| cut(&line(name), LONGEST)).collect();
        let shown =
            if shown.is_empty() { String::new() } else { format!(": {}", few::of_many(&shown, names.len())) };
        format!("{} strands stand{place} at {at}{shown}", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{CommandLabel, Failure, Moment, OpId};

    fn row(op: u32, kind: CommandKind, name: &str, strand: Option<&str>) -> Pending {
        let label = CommandLabel { kind, name: name.to_owned() };
        Pending {
            line: Some(2),
            strand: strand.map(str::to_owned),
            ..Pending::new(OpId(op), label, Moment(0))
        }
    }

    #[test]
    fn who_waits_for_the_same_is_told_together_and_by_name() {
        let names: Vec<String> = (0..12).map(|number| format!("host{number}")).collect();
        let mut rows: Vec<Pending> =
            (0..).zip(&names).map(|(op, name)| row(op, CommandKind::Exec, "curl", Some(name))).collect();
        if let Some(soonest) = rows.get_mut(3) {
            soonest.next_try = Some(Moment(5));
        }
        let mut other = row(20, CommandKind::Exec, "curl", Some("x\u{1b}"));
        other.last_failure = Some(Failure::new("exec", "exit code 1"));
        rows.push(other);
        let all: Vec<&Pending> = rows.iter().collect();
        let told = crowds(&all, 9);
        assert_eq!(told.iter().map(Crowd::len).collect::<Vec<_>>(), [12, 1]);
        let first = told.first().expect("a crowd");
        assert_eq!(first.next().map(|row| row.op), Some(OpId(3)));
        assert_eq!(
            first.words(),
            "12 strands stand in line 2 at exec curl: host0, host1, host2, host3, host4, host5, host6, host7, host8, \
             host9 and 2 more"
        );
    }

    #[test]
    fn where_they_are_too_many_those_in_one_line_are_told_together() {
        let mut rows: Vec<Pending> = (0..8).map(|op| row(op, CommandKind::Sh, "x", Some("s"))).collect();
        for (number, row) in (1..).zip(rows.iter_mut().take(5)) {
            row.failures = number;
        }
        let all: Vec<&Pending> = rows.iter().collect();
        let counts =
            |most| crowds(&all, most).iter().map(|crowd| (crowd.len(), crowd.failed())).collect::<Vec<_>>();
        assert_eq!(counts(3), [(8, Some(5))]);
        assert_eq!(counts(6).len(), 6);
        assert_eq!(counts(6).last(), Some(&(3, None)));
    }

    #[test]
    fn unnamed_strands_are_named_by_what_they_wait_for_and_questions_stand_alone() {
        let rows = [
            row(0, CommandKind::WaitSignal, "a", None),
            row(1, CommandKind::WaitSignal, "b", None),
            row(2, CommandKind::Ask, "Go?", None),
            row(3, CommandKind::Ask, "Go?", None),
            row(4, CommandKind::Sleep, "", None),
            row(5, CommandKind::Sleep, "", None),
        ];
        let all: Vec<&Pending> = rows.iter().collect();
        let told: Vec<String> = crowds(&all, 9).iter().map(Crowd::words).collect();
        assert_eq!(told.first().map(String::as_str), Some("2 strands stand in line 2 at wait_signal: a, b"));
        assert_eq!(told.get(3).map(String::as_str), Some("2 strands stand in line 2 at sleep"));
        assert_eq!(told.len(), 4);
    }
}
