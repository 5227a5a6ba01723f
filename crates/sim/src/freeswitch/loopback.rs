//! Both ends of `loopback`: the one that was called, and the one that the dialplan has.

use super::channel::{Birth, Channel, Direction};
use super::exchange::{Exchange, micros};
use super::life::Plan;
use std::sync::Arc;
use uuid::Uuid;

impl Exchange {
    /// The far end executes the plan. The near one is answered when that one is, and neither outlives the other.
    pub(super) async fn loop_back(self: &Arc<Self>, near: &Arc<Channel>, plan: Plan) {
        let far = self.far_end(near);
        self.spawn(Arc::clone(self).inbound(Arc::clone(&far), plan));
        self.spawn(Arc::clone(self).tied(Arc::clone(near), Arc::clone(&far)));
        let mut changes = far.changes();
        loop {
            changes.borrow_and_update();
            if far.cause().is_some() || near.cause().is_some() {
                return;
            }
            if far.state().answered != 0 {
                return self.answer(near);
            }
            let _ = changes.changed().await;
        }
    }

    fn far_end(&self, near: &Channel) -> Arc<Channel> {
        let profile = near.state().profile.clone();
        let far = self.create(Birth {
            id: Uuid::new_v4().to_string(),
            number: 0,
            direction: Direction::Inbound,
            name: format!("loopback/{}-b", profile.destination),
            codec: near.codec.clone(),
            created: micros(),
            profile,
            variables: Vec::new(),
            other: None,
        });
        near.set("other_loopback_leg_uuid", &*far.id);
        far.set("other_loopback_leg_uuid", &*near.id);
        far
    }

    async fn tied(self: Arc<Self>, one: Arc<Channel>, other: Arc<Channel>) {
        let (mut ones, mut others) = (one.changes(), other.changes());
        loop {
            ones.borrow_and_update();
            others.borrow_and_update();
            if let Some(cause) = one.cause() {
                return self.hang_up(&other, &cause);
            }
            if let Some(cause) = other.cause() {
                return self.hang_up(&one, &cause);
            }
            tokio::select! {
                _ = ones.changed() => {}
                _ = others.changed() => {}
            }
        }
    }
}
