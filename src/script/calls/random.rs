//! `random()`, `random_int(a, b)`, `uuid()`: chance from the run's seeded generator, the same at each replay.

use super::ask::{Given, script_or_body, wrong};
use rhai::{Engine, FLOAT, INT, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("random", |context: NativeCallContext<'_>| -> Given<FLOAT> {
        Ok(unit(script_or_body(&context)?.host.random()))
    });
    engine.register_fn("random_int", |context: NativeCallContext<'_>, least: INT, most: INT| -> Given<INT> {
        let caller = script_or_body(&context)?;
        if least > most {
            return Err(wrong(
                &context,
                format!("random_int({least}, {most}): the first may not exceed the second"),
            ));
        }
        Ok(between(caller.host.random(), least, most))
    });
    engine.register_fn("uuid", |context: NativeCallContext<'_>| -> Given<String> {
        let caller = script_or_body(&context)?;
        Ok(uuid(caller.host.random(), caller.host.random()))
    });
}

/// The upper 53 bits as a float in [0, 1).
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "53 bits fit a float exactly")]
fn unit(bits: u64) -> FLOAT {
    (bits >> 11) as FLOAT / (1_u64 << 53) as FLOAT
}

/// Multiply-shift into the range, both ends included.
fn between(bits: u64, least: INT, most: INT) -> INT {
    let span = u128::from(most.abs_diff(least)) + 1;
    let offset = (u128::from(bits) * span) >> 64;
    least.checked_add_unsigned(u64::try_from(offset).unwrap_or(u64::MAX)).unwrap_or(most)
}

/// A version 4 UUID (RFC 9562) of 128 bits.
fn uuid(high: u64, low: u64) -> String {
    let high = (high & !0xf000) | 0x4000;
    let low = (low & !(0xc << 60)) | (0x8 << 60);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_stays_in_its_range() {
        assert!((unit(0) - 0.0).abs() < f64::EPSILON && unit(u64::MAX) < 1.0);
        assert_eq!((between(0, 1, 6), between(u64::MAX, 1, 6)), (1, 6));
        assert_eq!(
            (between(0, INT::MIN, INT::MAX), between(u64::MAX, INT::MIN, INT::MAX)),
            (INT::MIN, INT::MAX)
        );
        assert_eq!(between(u64::MAX / 2, 5, 5), 5);
    }

    #[test]
    fn a_uuid_has_its_version_and_variant() {
        assert_eq!(uuid(0, 0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u64::MAX, u64::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
