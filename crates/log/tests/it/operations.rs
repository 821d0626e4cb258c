//! Random operations on every log, held to a model.

use conclave_log::MemoryDisk;
use conclave_log::conformance::{Operation, rounds, run_operations};
use proptest::prelude::*;

use crate::memory::OnMemory;
use crate::sqlite::OnSqlite;

fn operation() -> impl Strategy<Value = Operation> {
    let group = 0_u8..4;
    let count = 0_u8..40;
    prop_oneof![
        4 => group.clone().prop_map(Operation::Create),
        8 => (group.clone(), any::<u8>()).prop_map(|(g, n)| Operation::Append(g, n)),
        1 => (group.clone(), count.clone()).prop_map(|(g, n)| Operation::AppendToFull(g, n)),
        1 => (group.clone(), count, any::<bool>())
            .prop_map(|(g, n, is_after)| Operation::AppendAndCrash(g, n, is_after)),
        4 => (group.clone(), 0_u16..600).prop_map(|(g, from)| Operation::Read(g, from)),
        3 => group.clone().prop_map(Operation::Load),
        1 => group.clone().prop_map(Operation::Forget),
        3 => (group.clone(), any::<u8>()).prop_map(|(g, n)| Operation::KeepSnapshot(g, n)),
        1 => (group.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(g, closed, fleeting)| Operation::SetOptions(g, closed, fleeting)),
        2 => group.clone().prop_map(Operation::Delete),
        1 => (group, any::<u8>()).prop_map(|(g, limit)| Operation::List(g, limit)),
        1 => Just(Operation::Kill),
        1 => Just(Operation::Stop),
    ]
}

fn run(case: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(case);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: rounds(6), failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_operations_leave_the_memory_log_as_the_model(
        operations in prop::collection::vec(operation(), 1..60)
    ) {
        let mut subject = OnMemory(MemoryDisk::default());
        run(run_operations(&mut subject, &operations));
    }

    #[test]
    fn any_operations_leave_the_sqlite_log_as_the_model(
        operations in prop::collection::vec(operation(), 1..60)
    ) {
        let mut subject = OnSqlite::new();
        run(run_operations(&mut subject, &operations));
    }
}
