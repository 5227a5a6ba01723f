//! Running the embedded neural networks: loaded once, shared by all calls, one thread for each inference.

use rten::{Model, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A network with named inputs and outputs.
pub(crate) struct Network<const INPUTS: usize, const OUTPUTS: usize> {
    model: Model,
    inputs: [NodeId; INPUTS],
    outputs: [NodeId; OUTPUTS],
    /// A pool of a single thread for each core: calls do not wait for each other while a core is free, and no
    /// inference is split, which for networks this small costs more than it gains.
    lanes: Vec<Lane>,
    next_lane: AtomicUsize,
}

/// The thread on which an inference runs.
pub(crate) type Lane = Arc<ThreadPool>;

impl<const INPUTS: usize, const OUTPUTS: usize> Network<INPUTS, OUTPUTS> {
    /// Loads a network that is part of this binary.
    #[expect(
        clippy::expect_used,
        reason = "the bytes are part of the binary, and the tests load and run them"
    )]
    pub(crate) fn embedded(onnx: &'static [u8], inputs: [&str; INPUTS], outputs: [&str; OUTPUTS]) -> Self {
        let model = Model::load_static_slice(onnx).expect("the embedded network loads");
        let node = |name: &str| {
            model
                .node_id(name)
                .expect("the embedded network has this input or output")
        };
        let (inputs, outputs) = (inputs.map(node), outputs.map(node));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let lanes = (0..cores)
            .map(|_| Arc::new(ThreadPool::with_num_threads(1)))
            .collect();
        Self {
            model,
            inputs,
            outputs,
            lanes,
            next_lane: AtomicUsize::new(0),
        }
    }

    /// The lanes in turn.
    pub(crate) fn lane(&self) -> Lane {
        let next = self.next_lane.fetch_add(1, Ordering::Relaxed);
        self.lanes[next % self.lanes.len()].clone()
    }

    /// Runs the network on a lane.
    #[expect(
        clippy::expect_used,
        reason = "fails only for wrong shapes, and those are constants that the tests run"
    )]
    pub(crate) fn run(&self, lane: &Lane, inputs: [ValueOrView<'_>; INPUTS]) -> [Value; OUTPUTS] {
        let options = RunOptions::default().with_thread_pool(Some(lane.clone()));
        let inputs = self.inputs.into_iter().zip(inputs).collect();
        self.model
            .run_n(inputs, self.outputs, Some(options))
            .expect("inputs of the shapes the network declares")
    }
}
