//! What the ledger says about an account whoever the contact is: how a sender stands, which templates there are.
//! From memory, whatever the time asked about: these facts are few and kept whole.

use std::ops::Bound;

use crate::consent::account::{AsOf, Known};
use crate::consent::policy::RedQuality;
use crate::consent::sender::{Quality, SenderStanding};
use crate::consent::template::{Template, TemplateKey};
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender};
use crate::ledger::Ledger;
use crate::ledger::reading::answer::{CheckError, NOBODY};

/// How a sender stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StandingAnswer {
    /// How.
    pub standing: SenderStanding,
    /// Whether the policy closes templates at the deadline.
    pub closes_templates: bool,
    /// The policy's version.
    pub policy_version: u32,
    /// The time it is for.
    pub at: Time,
}

/// A template as it is now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownTemplate {
    /// What it is found by.
    pub key: TemplateKey,
    /// What it came to.
    pub template: Template,
    /// How the platform last rated it.
    pub quality: Option<Quality>,
}

impl Ledger {
    /// How a sender stands at an instant, from what was known; without an instant, now.
    ///
    /// # Errors
    /// Where there is no such account, or the ledger no longer writes.
    pub fn standing(&self, account: &Account, sender: &Sender, at: Option<Time>, known: Known) -> Result<StandingAnswer, CheckError> {
        self.writes()?;
        let at = at.unwrap_or_else(|| self.present());
        let as_of = AsOf { at, known };
        let number = self.shared.state.senders().number(sender.as_str()).unwrap_or(NOBODY);
        let answer = self.with_account(account, |account| {
            let (version, standing) = (account.facts.policy(as_of), account.facts.standing(number, as_of));
            let closes_templates = standing.deadline.is_some() && version.policy.red_quality == RedQuality::DenyTemplates;
            StandingAnswer { standing, closes_templates, policy_version: version.version, at }
        });
        answer.ok_or_else(|| CheckError::AccountUnknown { account: account.to_string() })
    }

    /// At most `most` of the account's templates as they are now, by name and language, from behind `after`.
    ///
    /// # Errors
    /// Where there is no such account, or the ledger no longer writes.
    pub fn templates(&self, account: &Account, after: Option<&TemplateKey>, most: usize) -> Result<Vec<KnownTemplate>, CheckError> {
        self.writes()?;
        let as_of = AsOf { at: self.present(), known: Known::default() };
        let templates = self.with_account(account, |account| {
            let templates = &account.facts.templates;
            let known = |(key, template): (&TemplateKey, Template)| KnownTemplate {
                key: key.clone(),
                template,
                quality: templates.quality(key, as_of),
            };
            templates.behind(after.map_or(Bound::Unbounded, Bound::Excluded), as_of).take(most).map(known).collect()
        });
        templates.ok_or_else(|| CheckError::AccountUnknown { account: account.to_string() })
    }
}
