//! What the other tests take for granted of the FusionPBX that they are given.

use crate::estate::FusionPbx;

#[test]
fn each_has_a_database_of_its_own_with_the_rows_that_tests_name() {
    for one in FusionPbx::every() {
        let other = FusionPbx::with(one.version, one.rows).unwrap();
        one.run("DELETE FROM v_domains WHERE domain_name = 'pbx.example.com'");
        let count = "DO $$ BEGIN ASSERT (SELECT count(*) FROM v_domains) = 2 \
                     AND (SELECT count(*) FROM v_dialplans WHERE dialplan_name = 'voice_secretary') = 1; END $$";
        other.run(count);
        assert!(
            other
                .server()
                .run(other.database(), &count.replace("= 2", "= 1"))
                .is_err()
        );
        assert!(other.path("/etc/fusionpbx/config.conf").is_file());
    }
}
