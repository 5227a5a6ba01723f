//! What one call shows of itself.

use super::answers::LiveCall;
use secretary::Secretary;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Written by a call's driver, read by whoever asks. Empty until the call has begun.
#[derive(Default)]
pub(crate) struct Sheet(Mutex<Option<Written>>);

struct Written {
    call: LiveCall,
    secretary: Arc<Secretary>,
}

impl Sheet {
    /// The call has begun.
    pub(crate) fn begin(&self, call: LiveCall, secretary: Arc<Secretary>) {
        *self.lock() = Some(Written { call, secretary });
    }

    /// Something has changed.
    pub(crate) fn update(&self, change: impl FnOnce(&mut LiveCall)) {
        if let Some(written) = &mut *self.lock() {
            change(&mut written.call);
        }
    }

    /// The call as it is now.
    pub(crate) fn read(&self) -> Option<LiveCall> {
        self.lock().as_ref().map(|written| written.call.clone())
    }

    /// Who answers it.
    pub(crate) fn secretary(&self) -> Option<Arc<Secretary>> {
        self.lock().as_ref().map(|written| written.secretary.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Written>> {
        // Nothing under this lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
