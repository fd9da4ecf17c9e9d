//! The Desktop Notifications Specification 1.2 over D-Bus. One connection shows, takes back and hears: some servers tell of
//! clicks only whoever has shown the notification. It is made for the first one, and silent while there is nothing to say.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded, select};
use zbus::{
    MatchRule,
    blocking::{Connection, MessageIterator, connection::Builder},
    message::{Message, Type},
    zvariant::Value,
};

use super::{Heard, Telling, Wish};
use crate::{
    engine::threads,
    ui::state::calls::{Answer, Call, CallId},
};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// The name of our entry in the applications menu, and of our icon.
const DESKTOP_ENTRY: &str = "io.github.sealdrop.Sealdrop";
/// A server that answers later than this hangs.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// A desktop without notifications is asked again after so long.
const ASK_AGAIN: Duration = Duration::from_mins(1);
/// Signals that may wait.
const SIGNALS: usize = 64;
/// What a click beside the buttons is called.
const DEFAULT: &str = "default";
const SHOW: &str = "show";

/// Shows what is wished for, until the window is gone.
pub(super) fn run(wishes: &Receiver<Wish>, tell: &Telling) {
    let (signalling, signals) = bounded(SIGNALS);
    let mut desk = Desk { server: None, failed: None, shown: HashMap::new(), signalling };
    loop {
        select! {
            recv(wishes) -> wish => match wish {
                Ok(Wish::Show(call)) => desk.show(&call),
                Ok(Wish::Close(id)) => desk.close(id),
                Err(_) => break,
            },
            recv(signals) -> signal => {
                if let Some(heard) = signal.ok().and_then(|signal| desk.hear(&signal)) {
                    tell.tell(heard);
                }
            },
        }
    }
    // Nobody is left to answer them.
    for id in desk.shown.keys().copied().collect::<Vec<_>>() {
        desk.close(id);
    }
}

/// What is shown, and by whom.
struct Desk {
    server: Option<Server>,
    /// When the desktop last had no notifications for us.
    failed: Option<Instant>,
    /// What the server calls each.
    shown: HashMap<CallId, u32>,
    signalling: Sender<Signal>,
}

struct Server {
    connection: Connection,
    actions: bool,
    markup: bool,
}

/// What a server tells.
struct Signal {
    id: u32,
    /// The key of an action; none: it was closed.
    action: Option<String>,
}

impl Desk {
    fn show(&mut self, call: &Call) {
        if self.server.is_none() && self.failed.is_none_or(|at| at.elapsed() > ASK_AGAIN) {
            self.server = Server::connect(&self.signalling).ok();
            self.failed = self.server.is_none().then(Instant::now);
        }
        let Some(server) = &self.server else { return };
        let replaces = self.shown.get(&call.id).copied().unwrap_or_default();
        if let Ok(id) = server.notify(call, replaces) {
            self.shown.insert(call.id, id);
        } else {
            // It may have ended, and another may take its place.
            self.server = None;
            self.shown.clear();
            self.failed = Some(Instant::now());
        }
    }

    fn close(&mut self, id: CallId) {
        if let (Some(number), Some(server)) = (self.shown.remove(&id), &self.server) {
            // Gone by itself meanwhile.
            server.call("CloseNotification", &(number,)).ok();
        }
    }

    fn hear(&mut self, signal: &Signal) -> Option<Heard> {
        let (&id, _) = self.shown.iter().find(|(_, number)| **number == signal.id)?;
        let Some(action) = &signal.action else {
            self.shown.remove(&id);
            return Some(Heard::Closed(id));
        };
        let answer = answer(action)?;
        // Some servers leave it there after a click.
        self.close(id);
        Some(Heard::Answered(id, answer))
    }
}

impl Server {
    fn connect(signalling: &Sender<Signal>) -> zbus::Result<Self> {
        let connection = Builder::session()?.method_timeout(ANSWER_LIMIT).build()?;
        let mut server = Self { connection, actions: false, markup: false };
        let has: Vec<String> = server.call("GetCapabilities", &())?.body().deserialize()?;
        let can = |what: &str| has.iter().any(|capability| capability == what);
        (server.actions, server.markup) = (can("actions"), can("body-markup"));
        server.listen(signalling.clone())?;
        Ok(server)
    }

    /// On a thread of its own: the next signal is waited for without end.
    fn listen(&self, signalling: Sender<Signal>) -> zbus::Result<()> {
        let rule = MatchRule::builder().msg_type(Type::Signal).interface(NAME)?.path(PATH)?.build();
        let signals = MessageIterator::for_match_rule(rule, &self.connection, Some(SIGNALS))?;
        let started = threads::spawn("notification clicks", move || {
            for message in signals.map_while(Result::ok) {
                if signal(&message).is_some_and(|signal| signalling.send(signal).is_err()) {
                    break;
                }
            }
        });
        started.map(drop).map_err(|error| zbus::Error::InputOutput(error.into()))
    }

    fn notify(&self, call: &Call, replaces: u32) -> zbus::Result<u32> {
        let body = if self.markup { escaped(&call.body) } else { call.body.clone() };
        let mut actions: Vec<&str> = Vec::new();
        if self.actions {
            for (answer, label) in &call.answers {
                actions.extend([key(*answer), *label]);
            }
            // Desktops show no button for a click beside the buttons; where there is no other, it gets one.
            if let [(Answer::Show, label)] = call.answers.as_slice() {
                actions.extend([SHOW, *label]);
            }
        }
        let hints = HashMap::from([
            ("desktop-entry", Value::from(DESKTOP_ENTRY)),
            ("category", Value::from("transfer")),
            ("urgency", Value::from(1_u8)),
        ]);
        // What waits for an answer stays until it is given, or not wanted any more.
        let timeout = if call.stays { 0_i32 } else { -1 };
        let notification = ("Sealdrop", replaces, DESKTOP_ENTRY, call.title.as_str(), body, actions, hints, timeout);
        self.call("Notify", &notification)?.body().deserialize()
    }

    fn call<B>(&self, method: &str, body: &B) -> zbus::Result<Message>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        self.connection.call_method(Some(NAME), PATH, Some(NAME), method, body)
    }
}

fn signal(message: &Message) -> Option<Signal> {
    match message.header().member()?.as_str() {
        "ActionInvoked" => {
            let (id, action): (u32, String) = message.body().deserialize().ok()?;
            Some(Signal { id, action: Some(action) })
        }
        "NotificationClosed" => {
            let (id, _why): (u32, u32) = message.body().deserialize().ok()?;
            Some(Signal { id, action: None })
        }
        _ => None,
    }
}

fn key(answer: Answer) -> &'static str {
    match answer {
        Answer::Accept => "accept",
        Answer::Decline => "decline",
        Answer::Show => DEFAULT,
    }
}

fn answer(key: &str) -> Option<Answer> {
    Some(match key {
        "accept" => Answer::Accept,
        "decline" => Answer::Decline,
        DEFAULT | SHOW => Answer::Show,
        _ => return None,
    })
}

/// A server that understands markup takes none of it from a peer.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_button_means_what_it_says() {
        for meant in [Answer::Accept, Answer::Decline, Answer::Show] {
            assert_eq!(answer(key(meant)), Some(meant));
        }
        assert_eq!((answer(SHOW), answer("inline-reply")), (Some(Answer::Show), None));
    }

    #[test]
    fn nothing_of_a_peer_s_text_is_markup() {
        assert_eq!(escaped("<a href='x'>&lt;b</a>"), "&lt;a href='x'&gt;&amp;lt;b&lt;/a&gt;");
    }
}
