//! What a change of a setting means for the requests that it holds for: what the comparison of two gateways is told by.

/// What it means that something is there, or becomes more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sense {
    /// Nothing is said: a change of it may break something.
    Unsaid,
    /// More is let through, or more is spent on it.
    Wider,
    /// Less is let through, or less is spent on it.
    Narrower,
    /// No request is answered otherwise.
    Neither,
}

/// What it means that a parameter becomes more: a larger number, a longer list, a flag that is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Amount {
    /// The parameter.
    pub param: &'static str,
    /// What more of it means.
    pub more: Sense,
    /// What its absence is.
    pub absent: Absent,
}

/// What the absence of a value is beside the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Absent {
    /// Something else.
    Other,
    /// Less than any.
    Least,
    /// More than any.
    Most,
}

/// What a change of a setting means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Effect {
    /// What it means that the setting is there.
    pub there: Sense,
    /// What it means that routes share the state of one setting, where each might have its own.
    pub shared: Sense,
    /// The parameters of which something is known.
    pub amounts: &'static [Amount],
    /// The parameter, and the word there, with which it means the opposite that the setting is there.
    pub opposite: Option<(&'static str, &'static str)>,
}

impl Amount {
    /// The more of it, the more is let through.
    #[must_use]
    pub const fn wider(param: &'static str) -> Self {
        Self { param, more: Sense::Wider, absent: Absent::Other }
    }

    /// The more of it, the less is let through.
    #[must_use]
    pub const fn narrower(param: &'static str) -> Self {
        Self { param, more: Sense::Narrower, absent: Absent::Other }
    }

    /// No request is answered otherwise for it.
    #[must_use]
    pub const fn neither(param: &'static str) -> Self {
        Self { param, more: Sense::Neither, absent: Absent::Other }
    }

    /// Its absence is less than any.
    #[must_use]
    pub const fn or_least(self) -> Self {
        Self { absent: Absent::Least, ..self }
    }

    /// Its absence is more than any.
    #[must_use]
    pub const fn or_most(self) -> Self {
        Self { absent: Absent::Most, ..self }
    }
}

impl Effect {
    /// Nothing is said: every change may break something.
    pub const UNSAID: Self =
        Self { there: Sense::Unsaid, shared: Sense::Unsaid, amounts: &[], opposite: None };

    /// No request is answered otherwise, whatever it says.
    pub const NEITHER: Self = Self { there: Sense::Neither, shared: Sense::Neither, ..Self::UNSAID };

    /// Where it is, less is let through; what it keeps for itself is no budget.
    pub const GUARD: Self = Self { there: Sense::Narrower, shared: Sense::Neither, ..Self::UNSAID };

    /// Where it is, more is let through.
    pub const ADMITS: Self = Self { there: Sense::Wider, shared: Sense::Neither, ..Self::UNSAID };

    /// What is known of a parameter.
    #[must_use]
    pub fn amount(&self, param: &str) -> Amount {
        let known = self.amounts.iter().find(|amount| amount.param == param).copied();
        let more = if self.there == Sense::Neither { Sense::Neither } else { Sense::Unsaid };
        known.unwrap_or(Amount { param: "", more, absent: Absent::Other })
    }
}

impl Sense {
    /// What less of it means.
    #[must_use]
    pub const fn turned(self) -> Self {
        match self {
            Self::Wider => Self::Narrower,
            Self::Narrower => Self::Wider,
            same => same,
        }
    }
}
