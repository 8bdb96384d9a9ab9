//! `durun doctor`: what is well, what is not, and where each setting comes from.

use crate::harness::Home;

#[test]
fn all_is_well_and_each_value_has_its_source() {
    let home = Home::recorded("r");
    home.file(
        "durun.toml",
        "[limits]\nactivities = 3\n[retention]\nfailed = \"90 days\"\n[queue.db]\nmax_concurrent = 1\n",
    );
    let (told, _) = home.durun(&["doctor"]).both();
    for expected in [
        "store                  ~/.local/state/durun (default)\n",
        "rights                 directory 700, file 600\n",
        "runs                   1 parked\n",
        "tick                   never\n",
        "serve                  nobody\n",
        "config                 ~/durun.toml\n",
        "  limits.activities    3 (from the file)\n",
        "  retention.completed  for ever (default)\n",
        "  retention.failed     90d (from the file)\n",
        "  queue                db (from the file)\n",
    ] {
        assert!(told.contains(expected), "{expected:?} in {told}");
    }
    home.durun(&["tick", "--max-time", "1ms"]).both();
    let store = home.store().display().to_string();
    let told = home.durun(&["doctor", "--deep", "--store", &store]).stdout();
    assert!(told.contains("(from --store)") && told.contains("tick                   TIME (now)"), "{told}");
    assert!(told.contains("deep                   all entries, checksums and tables agree\n"), "{told}");
    let document = home.durun(&["doctor", "-o", "json"]).env("DURUN_STORE", &store).stdout();
    assert!(document.contains("from $DURUN_STORE") && document.contains("\"problems\": []"), "{document}");
}

#[test]
fn without_a_store_or_with_a_wrong_key_it_says_so() {
    let home = Home::new();
    home.durun(&["doctor"]).exit(4).failure();
    let home = Home::recorded("r");
    home.file("durun.toml", "[limits]\nactivites = 3\n");
    let error = home.durun(&["doctor"]).exit(78).failure();
    assert!(error.contains("durun.toml:2: ") && error.contains("did you mean \"activities\"?"), "{error}");
}
