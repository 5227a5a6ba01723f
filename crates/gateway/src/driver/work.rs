//! What a call has others do for it, off its own task: judging, rendering, tools. All of it ends with the call.

use super::Services;
use super::hearing::Hearing;
use crate::books::{Books, Subject};
use crate::tools::{self, Beyond, ToolError};
use call::{PromptId, ToolCallId, ToolRequest, TurnId};
use secretary::{CallUuid, Secretary};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{AbortHandle, JoinSet};
use voice::tts::{Prompt as Rendered, Speech, TtsError};

/// What has been done.
pub(super) enum Done {
    Judged {
        turn: TurnId,
        complete: bool,
    },
    Prompt {
        prompt: PromptId,
        audio: Result<Rendered, TtsError>,
    },
    Tool {
        id: ToolCallId,
        ok: bool,
        result: String,
    },
}

/// A question beyond so many is answered without the model: it is overtaken anyway.
const MOST_QUESTIONS: usize = 4;

/// The work under way.
#[derive(Default)]
pub(super) struct Work {
    tasks: JoinSet<Done>,
    /// What the end-of-turn model is asked: turns and what was heard of them, the first under way.
    questions: VecDeque<(TurnId, Option<Vec<i16>>)>,
    /// Tools beyond the PBX that can be called off.
    beyond: BTreeMap<ToolCallId, AbortHandle>,
}

impl Work {
    /// The next thing done; pending while there is none. What panicked is told and forgotten: the call has time limits for all
    /// that it waits for.
    pub(super) async fn next(&mut self) -> Done {
        loop {
            match self.tasks.join_next().await {
                Some(Ok(done)) => return done,
                Some(Err(error)) if error.is_panic() => {
                    tracing::error!(%error, "a piece of work failed by a fault of ours")
                }
                Some(Err(_)) => {}
                None => return std::future::pending().await,
            }
        }
    }

    /// Ends what is under way.
    pub(super) fn abandon(&mut self) {
        self.tasks.abort_all();
    }

    /// Asks the end-of-turn model, on a thread that may block; one question at a time, so that answers keep their order.
    /// Without the model, or when all threads for it are busy, the caller has not finished until the silence says so.
    pub(super) fn judge(&mut self, services: &Services, turn: TurnId, hearing: &Hearing) {
        let recent = hearing.recent().filter(|_| self.questions.len() < MOST_QUESTIONS);
        self.questions.push_back((turn, recent));
        if self.questions.len() == 1 {
            self.ask(services);
        }
    }

    /// The first question has been answered; the next is asked.
    pub(super) fn judged(&mut self, services: &Services) {
        self.questions.pop_front();
        self.ask(services);
    }

    fn ask(&mut self, services: &Services) {
        let Some((turn, recent)) = self.questions.front_mut() else {
            return;
        };
        let turn = *turn;
        let means = (
            services.turn.clone(),
            recent.take(),
            services.judges.clone().try_acquire_owned(),
        );
        let (Some(model), Some(recent), Ok(permit)) = means else {
            self.tasks.spawn(std::future::ready(Done::Judged {
                turn,
                complete: false,
            }));
            return;
        };
        self.tasks.spawn_blocking(move || {
            let complete = model.complete(&recent) > 0.5;
            drop(permit);
            Done::Judged { turn, complete }
        });
    }

    pub(super) fn prompt(
        &mut self,
        services: &Services,
        secretary: &Secretary,
        prompt: PromptId,
        text: String,
    ) {
        let prompts = services.prompts.clone();
        let speech = Speech {
            text,
            language: secretary.language,
            voice: secretary.voice.clone(),
        };
        self.tasks.spawn(async move {
            Done::Prompt {
                prompt,
                audio: prompts.render(speech).await,
            }
        });
    }

    /// What a tool has come to at once.
    pub(super) fn told(&mut self, id: ToolCallId, told: Result<String, ToolError>) {
        let (ok, result) = match told {
            Ok(result) => (true, result),
            Err(why) => (false, why.to_string()),
        };
        self.tasks
            .spawn(std::future::ready(Done::Tool { id, ok, result }));
    }

    /// Uses a tool beyond the PBX within that time.
    pub(super) fn beyond(
        &mut self,
        services: &Services,
        call: CallUuid,
        (beyond, limit): (Beyond, Duration),
        request: ToolRequest,
    ) {
        let (means, metrics) = (services.means.clone(), services.metrics.clone());
        let ToolRequest { id, arguments, .. } = request;
        let key = id.clone();
        let used = self.tasks.spawn(async move {
            let answered = means.answered((call, &metrics), &beyond, arguments, limit).await;
            match answered {
                Ok(result) => Done::Tool { id, ok: true, result },
                Err(error) => Done::Tool {
                    id,
                    ok: false,
                    result: error.to_string(),
                },
            }
        });
        self.beyond.insert(key, used);
    }

    /// Nobody waits for this tool any more: what has answered is forgotten, what has not is called off.
    pub(super) fn forget_tool(&mut self, id: &ToolCallId) {
        if let Some(used) = self.beyond.remove(id) {
            used.abort();
        }
    }

    pub(super) fn tool(&mut self, books: &Books, of: Arc<Subject>, request: ToolRequest) {
        let books = books.clone();
        self.tasks.spawn(async move {
            let id = request.id.clone();
            match tools::run(&books, &of, request).await {
                Ok(result) => Done::Tool { id, ok: true, result },
                Err(error) => Done::Tool {
                    id,
                    ok: false,
                    result: error.to_string(),
                },
            }
        });
    }
}
