//! Stage: what is left to be done for a connection, a part at a time: each makes the next and goes,
//! so that an idle connection holds room for the stage it is in alone.
//!
//! Does not know what the stages are.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A part of what is done for a connection, which tells what comes after it.
pub(crate) struct Stage(Pin<Box<dyn Future<Output = Option<Self>> + Send>>);

impl Stage {
    /// A stage: boxed at its own size, which is what an idle connection holds.
    pub(crate) fn new(stage: impl Future<Output = Option<Self>> + Send + 'static) -> Self {
        Self(Box::pin(stage))
    }
}

/// Runs stages one after the other. As small as a stage, since a task holds it in its first line
/// of the cache.
pub(crate) struct Stages(pub(crate) Stage);

impl Future for Stages {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            match ready!(self.0.0.as_mut().poll(context)) {
                Some(next) => self.0 = next,
                None => return Poll::Ready(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_stage_makes_the_next() {
        let (told, mut heard) = tokio::sync::mpsc::channel(3);
        let (first, second) = (told.clone(), told);
        let stages = Stages(Stage::new(async move {
            first.send(1).await.unwrap();
            Some(Stage::new(async move {
                tokio::task::yield_now().await;
                second.send(2).await.unwrap();
                None
            }))
        }));
        assert_eq!(size_of_val(&stages), 2 * size_of::<usize>());
        stages.await;
        assert_eq!((heard.recv().await, heard.recv().await), (Some(1), Some(2)));
        assert_eq!(heard.recv().await, None);
    }
}
