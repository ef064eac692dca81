//! Roots and revocation lists.

use sockeye::ErrorKind;
use sockeye::tls::{RevocationLists, Roots};

use crate::common::Folder;
use crate::common::certificates::Authority;
use crate::refuses;

#[test]
fn roots_come_from_files_texts_and_der() {
    let (folder, ca, other) = (Folder::new(), Authority::new("ca"), Authority::new("other"));
    let file = folder.file("roots.pem", ca.pem() + "# another\n" + &other.pem());
    let roots = Roots::from_pem_file(&file).unwrap().and(Roots::from_pem(ca.pem()).unwrap());
    let roots = roots.and(Roots::from_der([other.der()]).unwrap());
    assert_eq!(format!("{roots:?}"), "Roots { system: false, given: 4 }");
    assert_eq!(format!("{:?}", Roots::system()), "Roots { system: true, given: 0 }");
}

#[test]
fn wrong_roots_are_refused() {
    let (folder, ca) = (Folder::new(), Authority::new("ca"));
    let read = "cannot read a certificate from ";
    refuses(Roots::from_pem_file(folder.file("a.pem", "")), read, "a.pem: it is empty");
    let text = ca.revocation_list(&[]);
    refuses(Roots::from_pem(text), read, "it holds no certificate, but other PEM sections");
    refuses(Roots::from_pem(ca.der()), read, "it is not PEM");
    let trust = "cannot trust the certificates of the given bytes: ";
    refuses(Roots::from_der(Vec::<Vec<u8>>::new()), trust, "there are none");
    refuses(
        Roots::from_der([b"no certificate".to_vec()]),
        trust,
        "it is damaged, or no certificate",
    );
    let error = Roots::from_pem_file(folder.path().join("missing")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
}

#[test]
fn revocation_lists_come_from_files_texts_and_der() {
    let (folder, ca) = (Folder::new(), Authority::new("ca"));
    let revoked = ca.local();
    let (pem, der) = (ca.revocation_list(&[&revoked]), ca.revocation_list_der(&[&revoked]));
    let lists = RevocationLists::from_file(folder.file("pem.crl", &pem)).unwrap();
    let lists = lists.and(RevocationLists::from_file(folder.file("der.crl", &der)).unwrap());
    let lists = lists.and(RevocationLists::from_pem(pem).unwrap().leaf_only(true));
    let lists = lists.and(RevocationLists::from_der([der]).unwrap());
    let text = format!("{lists:?}");
    assert!(text.contains("lists: 4, leaf_only: true, allow_unknown: false"), "{text}");
}

#[test]
fn wrong_revocation_lists_are_refused() {
    let (folder, ca) = (Folder::new(), Authority::new("ca"));
    let read = "cannot read a revocation list from ";
    refuses(RevocationLists::from_file(folder.file("a.crl", "")), read, "a.crl: it is empty");
    let not = "it is not understood: ";
    refuses(RevocationLists::from_file(folder.file("b.crl", ca.der())), &begin(&folder, not), "");
    refuses(
        RevocationLists::from_pem(ca.pem()),
        read,
        "no revocation list, but other PEM sections",
    );
    refuses(RevocationLists::from_der([ca.der()]), read, "");
    refuses(RevocationLists::from_der([b""]), read, "");
    refuses(RevocationLists::from_der(Vec::<Vec<u8>>::new()), read, "there is none");
    let error = RevocationLists::from_file(folder.path().join("missing")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
}

fn begin(folder: &Folder, why: &str) -> String {
    let path = folder.path().join("b.crl");
    format!("cannot read a revocation list from {}: {why}", path.display())
}
