//! What a wipe leaves.

use super::*;

#[test]
fn an_erased_vault_and_what_was_set_aside_are_gone_and_their_keys_are_named_before() {
    let folder = Folder::new();
    let path = folder.file();
    fill(&mut create(&path));
    let set_aside = Vault::set_aside(&path);
    assert!(matches!(set_aside, VaultError::Corrupt { .. }));
    fill(&mut create(&path));
    std::fs::write(path.with_extension("vault-journal"), b"hot").unwrap();
    std::fs::write(folder.0.join("wallet.vault.kept-2"), b"no database").unwrap();
    std::fs::write(folder.0.join("other.vault"), b"another app's").unwrap();
    std::fs::remove_file(path.with_extension("vault-journal")).unwrap();

    assert_eq!(Vault::wrapping_keys(&path).unwrap().len(), 4, "two of each readable vault");
    std::fs::write(path.with_extension("vault-journal"), b"hot").unwrap();
    Vault::erase(&path).unwrap();
    let left: Vec<_> = std::fs::read_dir(&folder.0).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["other.vault"]);
    assert_eq!(Vault::wrapping_keys(&path).unwrap(), Vec::<String>::new());
    Vault::erase(&path).unwrap();
}

#[test]
fn keys_of_a_vault_in_use_are_not_taken_for_none() {
    let folder = Folder::new();
    let vault = create(&folder.file());
    assert_eq!(Vault::wrapping_keys(&folder.file()), Err(VaultError::Busy));
    drop(vault);
    assert_eq!(Vault::wrapping_keys(&folder.file()).unwrap().len(), 2);
}
