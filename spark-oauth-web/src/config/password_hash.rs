//! `passwordHashCost`: how much work it is to check a password.

use super::reader::Reader;
use super::schema::Setting;

const COST: Setting = Setting::plain("passwordHashCost");

pub(super) const SETTINGS: &[Setting] = &[COST];

/// The logarithm of bcrypt's rounds: 12 by default.
pub(super) fn read(reader: &mut Reader) -> u32 {
    // bcrypt begins at 4. At 18 one sign-in takes a core for about 15 seconds.
    let cost = reader.integer(COST, &(4..=18)).unwrap_or(12);
    if cost < 10 {
        let text = format!("{cost} makes stolen hashes cheap to try; give at least 10");
        reader.warn(COST, text);
    } else if cost > 15 {
        let text = format!("{cost} makes every sign-in take seconds; 12 to 14 is usual");
        reader.warn(COST, text);
    }
    cost
}
