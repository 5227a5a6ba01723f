//! What is said where a script gives no words of its own.

use super::format::{Phrases, Texts};
use secretary::Language;

/// All fixed phrases, of the script or by default.
#[derive(Debug, Clone)]
pub(super) struct Wording {
    pub(super) greeted: Texts,
    pub(super) no_match: Texts,
    pub(super) unheard: Texts,
    pub(super) menu: Texts,
    pub(super) yes_no_keys: Texts,
    pub(super) either: Texts,
    pub(super) wrong_key: Texts,
    pub(super) type_number: Texts,
    pub(super) retry: Texts,
    pub(super) transferring: Texts,
    pub(super) transfer_failed: Texts,
    pub(super) closed: Texts,
    pub(super) closed_for_long: Texts,
    pub(super) offer_message: Texts,
    pub(super) which: Texts,
    pub(super) did_you_mean: Texts,
    pub(super) message_done: Texts,
    pub(super) message_failed: Texts,
    pub(super) wait: Texts,
}

impl Wording {
    pub(super) fn new(language: Language, own: &Phrases) -> Self {
        let pick = |own: &Option<Texts>, pt: &[&str], en: &[&str]| {
            let default = match language {
                Language::PtBr => pt,
                Language::En => en,
            };
            own.clone()
                .unwrap_or_else(|| Texts::Several(default.iter().map(|t| (*t).into()).collect()))
        };
        Self {
            greeted: pick(
                &own.greeted,
                &[
                    "{greeting} Em que posso ajudar?",
                    "{greeting} Sobre o que você quer falar?",
                ],
                &["{greeting} How can I help you?", "{greeting} What is it about?"],
            ),
            no_match: pick(
                &own.no_match,
                &[
                    "Desculpe, não entendi bem. Pode dizer de outro jeito?",
                    "Ainda não entendi.",
                ],
                &[
                    "Sorry, I didn't get that. Could you put it another way?",
                    "I still don't understand.",
                ],
            ),
            unheard: pick(
                &own.unheard,
                &["Não consegui entender a sua voz."],
                &["I couldn't understand your voice."],
            ),
            menu: pick(
                &own.menu,
                &["Para {label}, tecle {key}."],
                &["For {label}, press {key}."],
            ),
            yes_no_keys: pick(
                &own.yes_no_keys,
                &["Tecle um para sim, ou dois para não."],
                &["Press one for yes, or two for no."],
            ),
            either: pick(
                &own.either,
                &["É sobre {first} ou sobre {second}?"],
                &["Is it {first} or {second}?"],
            ),
            wrong_key: pick(
                &own.wrong_key,
                &["Essa opção não existe."],
                &["That is not one of the options."],
            ),
            type_number: pick(
                &own.type_number,
                &["Digite o número, e no final aperte jogo da velha."],
                &["Type the number on your phone, and press the pound key at the end."],
            ),
            retry: pick(
                &own.retry,
                &["Desculpe, não peguei. Pode repetir?"],
                &["Sorry, I missed that. Could you say it again?"],
            ),
            transferring: pick(
                &own.transferring,
                &["Só um instante, vou transferir a sua ligação."],
                &["One moment, I'll put you through."],
            ),
            transfer_failed: pick(
                &own.transfer_failed,
                &["Desculpe, não consegui transferir a ligação agora."],
                &["I'm sorry, I couldn't put you through just now."],
            ),
            closed: pick(
                &own.closed,
                &["Agora não posso transferir para {destination}: o atendimento volta {opens}."],
                &["I can't put you through to {destination} right now: they will be back {opens}."],
            ),
            closed_for_long: pick(
                &own.closed_for_long,
                &["Agora não posso transferir para {destination}."],
                &["I can't put you through to {destination} right now."],
            ),
            offer_message: pick(
                &own.offer_message,
                &["Quer deixar um recado?"],
                &["Would you like to leave a message?"],
            ),
            which: pick(
                &own.which,
                &["Com quem você quer falar: {names}?"],
                &["Who would you like to speak to: {names}?"],
            ),
            did_you_mean: pick(
                &own.did_you_mean,
                &["Você quer falar com {destination}?"],
                &["Would you like to speak to {destination}?"],
            ),
            message_done: pick(
                &own.message_done,
                &["Pronto, anotei o recado."],
                &["Done, I've noted your message."],
            ),
            message_failed: pick(
                &own.message_failed,
                &["Desculpe, não consegui anotar o recado agora. Por favor, ligue de novo mais tarde."],
                &["I'm sorry, I couldn't note your message just now. Please call again later."],
            ),
            wait: pick(
                &own.wait,
                &["Só um instante, por favor."],
                &["One moment, please."],
            ),
        }
    }
}
