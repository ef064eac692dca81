#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::Violation;
use sockeye::proxy::{Header, Value};

fuzz_target!(|data: &[u8]| {
    let read = Header::read(data);
    match &read {
        Ok(Some((header, length))) => {
            // Up to its end it is incomplete, and what follows does not matter.
            assert!((0..*length).all(|cut| Header::read(&data[..cut]) == Ok(None)));
            let followed = [&data[..*length], b"what follows"].concat();
            assert_eq!(Header::read(&followed), read);
            look_at(header);
        }
        Ok(None) => {}
        Err(violation) => assert_stays(data, violation),
    }
});

/// Whatever a header says can be looked at.
fn look_at(header: &Header) {
    for value in header.values() {
        if let Value::Tls(tls) = value {
            let _ = (tls.is_verified(), tls.version(), tls.common_name(), tls.cipher());
        }
    }
    assert!(!format!("{header:?}").is_empty());
}

/// What breaks a rule is not mended by what follows.
fn assert_stays(data: &[u8], violation: &Violation) {
    let followed = [data, b"\r\n"].concat();
    assert_eq!(Header::read(&followed).as_ref(), Err(violation));
}
