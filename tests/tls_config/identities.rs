//! Certificates and keys in all forms, and all that can be wrong with them.

use pkcs8::der::pem::{LineEnding, encode_string};
use pkcs8::pkcs5::pbes2;
use pkcs8::{EncryptedPrivateKeyInfoOwned, PrivateKeyInfoRef};
use sockeye::ErrorKind;
use sockeye::tls::Identity;

use crate::common::Folder;
use crate::common::certificates::{Authority, Issued};
use crate::refuses;

#[test]
fn files_may_be_two_or_one_in_any_order() {
    let (folder, issued) = (Folder::new(), Authority::new("ca").intermediate("below").local());
    let chain = folder.file("chain.pem", issued.chain_pem());
    let key = folder.file("key.pem", issued.key_pem());
    let both = folder.file("both.pem", issued.key_pem() + "a comment\r\n" + &issued.chain_pem());
    for identity in [Identity::from_pem_files(&chain, &key), Identity::from_pem_file(&both)] {
        let identity = identity.unwrap();
        assert!(identity.certificates().eq(issued.chain_der().iter().map(|der| &**der)));
        assert_eq!(identity.names(), ["localhost"]);
    }
}

#[test]
fn keys_may_be_pkcs8_pkcs1_or_sec1() {
    let ca = Authority::new("ca");
    let rsa = ca.rsa();
    let inner = |issued: &Issued| {
        PrivateKeyInfoRef::try_from(&*issued.key_der()).unwrap().private_key.as_bytes().to_vec()
    };
    let pkcs1 = pem("RSA PRIVATE KEY", &inner(&rsa));
    Identity::from_pem(rsa.chain_pem(), pkcs1).unwrap();
    Identity::from_der(rsa.chain_der(), inner(&rsa)).unwrap();
    let ec = ca.local();
    // As `openssl ecparam -genkey` writes it.
    let sec1 = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let sec1 = sec1.to_owned() + &pem("EC PRIVATE KEY", &inner(&ec));
    Identity::from_pem(ec.chain_pem(), sec1).unwrap();
}

#[test]
fn a_key_may_be_under_a_password() {
    let (folder, issued) = (Folder::new(), Authority::new("ca").local());
    let chain = folder.file("chain.pem", issued.chain_pem());
    let key = folder.file("key.pem", locked(&issued, "secret"));
    let place = key.display().to_string();
    Identity::from_encrypted_pem_files(&chain, &key, "secret").unwrap();
    refuses(
        Identity::from_encrypted_pem_files(&chain, &key, "guess"),
        &format!("cannot read a private key from {place}: the password is wrong, or "),
        "",
    );
    refuses(
        Identity::from_pem_files(&chain, &key),
        &format!("cannot read a private key from {place}: "),
        "it is encrypted, and no password was given",
    );
    // A password for what needs none is no harm.
    let open = folder.file("open.pem", issued.key_pem());
    Identity::from_encrypted_pem_files(&chain, &open, "secret").unwrap();
}

#[test]
fn pkcs12_is_put_in_order() {
    let (folder, ca) = (Folder::new(), Authority::new("ca"));
    let below = ca.intermediate("below");
    let issued = below.local();
    let stranger = Authority::new("stranger").der();
    let file = folder.file("a.pfx", issued.pkcs12("pässword", &[stranger, ca.der()]));
    let identity = Identity::from_pkcs12_file(&file, "pässword").unwrap();
    assert!(identity.certificates().eq(issued.chain_der().iter().map(|der| &**der)));
}

#[test]
fn wrong_pkcs12_is_refused() {
    let issued = Authority::new("ca").local();
    let archive = issued.pkcs12("secret", &[]);
    let place = "cannot read PKCS#12 from the given bytes: ";
    refuses(Identity::from_pkcs12(&archive, "guess"), place, "wrong, or the file is damaged");
    refuses(Identity::from_pkcs12(&archive, ""), place, "wrong, or the file is damaged");
    refuses(Identity::from_pkcs12([], "secret"), place, ": it is empty");
    let not = format!("{place}it is not PKCS#12: ");
    refuses(Identity::from_pkcs12(issued.key_pem(), "secret"), &not, "");
    refuses(Identity::from_pkcs12(&archive[..archive.len() / 2], "secret"), &not, "");
}

/// Nothing that a file may hold makes it panic.
#[test]
fn damaged_files_are_errors() {
    let issued = Authority::new("ca").local();
    let archive = issued.pkcs12("secret", &[]);
    for cut in (0..archive.len()).step_by(7) {
        Identity::from_pkcs12(&archive[..cut], "secret").unwrap_err();
        let mut changed = archive.clone();
        changed[cut] ^= 0x55;
        // A change may be where it does not matter.
        drop(Identity::from_pkcs12(&changed, "secret"));
    }
    let (chain, key) = (issued.chain_pem(), issued.key_pem());
    for cut in 0..chain.trim_end().len() {
        Identity::from_pem(&chain[..cut], &key).unwrap_err();
    }
    for cut in 0..key.trim_end().len() {
        Identity::from_pem(&chain, &key[..cut]).unwrap_err();
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let (folder, issued) = (Folder::new(), Authority::new("ca").local());
    let chain = folder.file("chain.pem", issued.chain_pem());
    let missing = folder.path().join("missing.pem");
    for (result, attempt) in [
        (Identity::from_pem_files(&missing, &chain), "read a certificate from"),
        (Identity::from_pem_files(&chain, &missing), "read a private key from"),
        (Identity::from_pkcs12_file(&missing, ""), "read PKCS#12 from"),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert_eq!(error.attempt(), attempt);
        assert_eq!(error.address(), missing.to_str());
        assert!(error.to_string().contains("missing.pem: "), "{error}");
    }
}

#[test]
fn files_without_what_is_looked_for_say_what_they_hold() {
    let issued = Authority::new("ca").local();
    let (chain, key) = (issued.chain_pem(), issued.key_pem());
    let chain_error = |text: &[u8], end| {
        let begin = "cannot read a certificate from the given bytes: ";
        refuses(Identity::from_pem(text, &key), begin, end);
    };
    chain_error(b"", "bytes: it is empty");
    chain_error(b"Hello", "it holds no certificate: it is not PEM");
    chain_error(&issued.chain_der()[0], "it holds no certificate: it is not PEM");
    chain_error(key.as_bytes(), "it holds no certificate, but other PEM sections");
    let half = &chain[..chain.len() / 2];
    chain_error(half.as_bytes(), "its section CERTIFICATE has no end");
    let damaged = pem("CERTIFICATE", b"no certificate");
    chain_error(damaged.as_bytes(), "BadEncoding: it is damaged, or no certificate");
    let key_error = |text: &str, end| {
        let begin = "cannot read a private key from the given bytes: ";
        refuses(Identity::from_pem(&chain, text), begin, end);
    };
    key_error(&chain, "it holds no private key, but other PEM sections");
    key_error(&(key.clone() + &key), "it holds several private keys");
    key_error(&pem("PRIVATE KEY", b"no key"), "RSA, ECDSA, or EdDSA");
    let outdated = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n";
    key_error(outdated, "convert it with `openssl pkcs8 -topk8`");
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let ca = Authority::new("ca").intermediate("below");
    let (ours, theirs) = (ca.local(), ca.local());
    let begin = "cannot use the certificate and the key of the given bytes: ";
    refuses(
        Identity::from_pem(ours.chain_pem(), theirs.key_pem()),
        begin,
        "the private key belongs to another certificate (KeyMismatch)",
    );
    let mut chain = ours.chain_der();
    chain.reverse();
    refuses(
        Identity::from_der(chain, ours.key_der()),
        begin,
        "which comes later in the chain and must be the first",
    );
    refuses(Identity::from_der(Vec::<Vec<u8>>::new(), ours.key_der()), begin, "");
    let (folder, chain) = (Folder::new(), ours.chain_pem());
    let (chain, key) = (folder.file("c.pem", chain), folder.file("k.pem", theirs.key_pem()));
    let error = Identity::from_pem_files(&chain, &key).unwrap_err();
    let both = format!("{} and {}", chain.display(), key.display());
    assert_eq!(error.address(), Some(&*both));
}

#[test]
fn secrets_are_not_printed() {
    let issued = Authority::new("ca").local();
    let identity = Identity::from_pkcs12(issued.pkcs12("secret word", &[]), "secret word").unwrap();
    let text = format!("{identity:?}");
    assert_eq!(text, r#"Identity { names: ["localhost"], certificates: 1, key: (secret) }"#);
}

fn locked(issued: &Issued, password: &str) -> String {
    let parameters =
        pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(1000, b"some salt", [7; 16]);
    let parameters = parameters.unwrap();
    let key = parameters.encrypt(password, &issued.key_der()).unwrap();
    let encrypted_data = pkcs8::der::asn1::OctetString::new(key).unwrap();
    let info =
        EncryptedPrivateKeyInfoOwned { encryption_algorithm: parameters.into(), encrypted_data };
    pem("ENCRYPTED PRIVATE KEY", &pkcs8::der::Encode::to_der(&info).unwrap())
}

fn pem(label: &str, der: &[u8]) -> String {
    encode_string(label, LineEnding::LF, der).unwrap()
}
