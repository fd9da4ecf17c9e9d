//! What a person has had read here without sending it: walks of what was dropped, and looks at files, one after the other.

use std::collections::{HashMap, VecDeque};

use super::Dispatch;
use crate::engine::{
    cancel::CancelFlag,
    inspection::{InspectionAsked, InspectionId, InspectionNews},
    messages::{Event, StageId},
};

/// Under way, and waiting for it.
#[derive(Default)]
pub(super) struct Readings {
    /// Walks.
    pub(super) stages: HashMap<StageId, CancelFlag>,
    /// The look that is taken now. One that hangs is let go of by a cancel: what it still says comes too late.
    looking: Option<(InspectionId, CancelFlag)>,
    waiting: VecDeque<InspectionAsked>,
}

impl Dispatch {
    pub(super) fn inspect(&mut self, asked: InspectionAsked) {
        self.readings.waiting.push_back(asked);
        self.look_next();
    }

    pub(super) fn stop_inspection(&mut self, id: InspectionId) {
        if self.readings.looking.as_ref().is_some_and(|(looking, _)| *looking == id) {
            if let Some((_, cancel)) = self.readings.looking.take() {
                cancel.set();
            }
            self.looked(id);
        } else if let Some(place) = self.readings.waiting.iter().position(|asked| asked.id == id) {
            self.readings.waiting.remove(place);
            self.looked(id);
        }
    }

    pub(super) fn inspection(&mut self, id: InspectionId, news: InspectionNews) {
        if self.readings.looking.as_ref().is_none_or(|(looking, _)| *looking != id) {
            return;
        }
        match news {
            InspectionNews::Done => {
                self.readings.looking = None;
                self.looked(id);
            }
            InspectionNews::Reading { .. } => self.outbox.reading(Event::Inspection { id, news }),
            _ => self.outbox.fact(Event::Inspection { id, news }),
        }
    }

    fn looked(&mut self, id: InspectionId) {
        self.outbox.fact(Event::Inspection { id, news: InspectionNews::Done });
        self.look_next();
    }

    fn look_next(&mut self) {
        if self.readings.looking.is_none()
            && let Some(asked) = self.readings.waiting.pop_front()
        {
            let cancel = CancelFlag::default();
            let id = asked.id;
            self.readings.looking = Some((id, cancel.clone()));
            if self.setup.errands.inspect(asked, cancel).is_err() {
                // The system is out of far more than this; the next one may do better.
                self.inspection(id, InspectionNews::Done);
            }
        }
    }
}
