//! Reading again what a configuration was made of.

use std::fs;

use sockeye::ErrorKind;
use sockeye::tls::{ClientCertificates, Identity, RevocationLists, Roots, ServerConfig};

use crate::common::Folder;
use crate::common::certificates::Authority;

#[test]
fn all_files_are_read_again() {
    let (folder, ca) = (Folder::new(), Authority::new("ca"));
    let (local, site) = (ca.local(), ca.server(&["a.example.org"]));
    let default = folder.file("both.pem", local.chain_pem() + &local.key_pem());
    let chain = folder.file("chain.pem", site.chain_pem());
    let key = folder.file("key.pem", site.key_pem());
    let roots = folder.file("roots.pem", ca.pem());
    let list = folder.file("list.crl", ca.revocation_list_der(&[]));
    let clients = ClientCertificates::required(Roots::from_pem_file(&roots).unwrap())
        .revocation(RevocationLists::from_file(&list).unwrap());
    let config = ServerConfig::builder(Identity::from_pem_file(&default).unwrap())
        .identity(Identity::from_pem_files(&chain, &key).unwrap())
        .client_certificates(clients)
        .build()
        .unwrap();
    config.reload_files().unwrap();
    for file in [default, chain, key, roots, list] {
        let good = fs::read(&file).unwrap();
        fs::write(&file, "").unwrap();
        let error = config.clone().reload_files().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls);
        assert_eq!(error.address(), file.to_str());
        assert!(error.to_string().ends_with("it is empty"), "{error}");
        fs::write(&file, good).unwrap();
        config.reload_files().unwrap();
    }
}

#[test]
fn what_cannot_be_read_again_is_said() {
    let (folder, ca) = (Folder::new(), Authority::new("ca"));
    let issued = ca.local();
    let from_memory = Identity::from_pem(issued.chain_pem(), issued.key_pem()).unwrap();
    let config = ServerConfig::new(from_memory.clone()).unwrap();
    let error = config.reload_files().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("nothing in it came from a file"), "{error}");

    let file = folder.file("a.pfx", issued.pkcs12("secret", &[]));
    config.reload(Identity::from_pkcs12_file(&file, "secret").unwrap()).unwrap();
    let error = config.reload_files().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.address(), file.to_str());
    assert!(error.to_string().contains("its password is not kept"), "{error}");

    // From memory beside a file is left as it is.
    let file = folder.file("both.pem", issued.chain_pem() + &issued.key_pem());
    let config = ServerConfig::builder(from_memory)
        .identity_for(["localhost"], Identity::from_pem_file(file).unwrap());
    config.build().unwrap().reload_files().unwrap();
}
