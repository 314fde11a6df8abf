//! What the wallet does in the background: commands, status, this hour's staples, fresh copies, and spent keys out of the
//! hardware.

use std::{collections::HashMap, sync::Arc};

use super::{
    CommandOp, Distrust, Issued, Wallet, WalletError, code,
    standing::{Asked, Standing},
};
use crate::{
    card::{LifeCycle, ReplaceReason},
    counter,
    platform::{HttpMethod, HttpRequest},
    status::{AskError, StapleRefresh, StapleStep, StatusError, StatusForm, StatusToken},
    vault::Staple,
};

/// Copies are fetched anew when they end within this, seconds: a week.
const RENEW_BEFORE: i64 = 7 * 86_400;
/// After something failed it is tried again so soon, seconds.
const RETRY: i64 = 900;
/// No sooner than this and no later, seconds.
const SOONEST: i64 = 60;
const LATEST: i64 = 3600;

/// What a refresh did. Each part stands alone: one that failed keeps none of the others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Refreshed {
    /// Commands obeyed, in order.
    pub obeyed: Vec<CommandOp>,
    /// How many status lists were fetched.
    pub lists: u32,
    /// How many staples are new.
    pub staples: u32,
    /// What came of the copies.
    pub renewed: Renewed,
    /// The first thing that failed.
    pub trouble: Option<WalletError>,
    /// When to refresh again, seconds since 1970 UTC.
    pub next_at: i64,
}

/// What came of the copies in a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Renewed {
    /// There are enough, and they last.
    NotNeeded,
    /// Fresh ones are in the wallet.
    Done,
    /// Fresh ones are needed, and the personal part is locked: refresh again after the next unlock.
    AfterUnlock,
    /// Fresh ones are needed and did not come; `trouble` says why.
    Failed,
    /// Fresh ones are needed, and an issuance is under way. One that waits goes on by `resume_issuance`, or ends by
    /// `abandon_issuance`; one that runs ends by itself.
    Later,
    /// Nothing renews this card any more: the citizen has to get it again.
    EnrolAgain,
}

/// How far phone and issuer may disagree about the time, seconds: what the issuer takes in a request for staples.
const CLOCK_SKEW: i64 = 300;

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Wallet {
    /// Everything the wallet does in the background, for the app's background job: obeys commands, asks how the issuer sees the
    /// card, fetches this hour's staples, and fresh copies before the old ones end or run out. No prompt; works while locked,
    /// but for the copies. Says what it did and when to call it again.
    ///
    /// # Errors
    /// [`WalletError::NotUsable`] when the wallet is wiped; [`WalletError::StorageCorrupt`],
    /// [`WalletError::StorageFull`], [`WalletError::Unavailable`] when the phone itself failed. What the issuer or the
    /// network failed to do is in [`Refreshed::trouble`].
    pub async fn refresh(self: Arc<Self>) -> Result<Refreshed, WalletError> {
        let mut done = Refreshed {
            obeyed: Vec::new(),
            lists: 0,
            staples: 0,
            renewed: Renewed::NotNeeded,
            trouble: None,
            next_at: 0,
        };
        let heard = self.receive_commands(0).await;
        if let Some(heard) = done.keep(heard)? {
            done.obeyed = heard.obeyed;
        }
        let now = self.now()?;
        if self.is_wiped()? {
            done.next_at = now.unix_seconds.saturating_add(LATEST);
            return Ok(done);
        }
        let lists = self.refresh_lists().await;
        done.lists = done.keep(lists)?.unwrap_or(0);
        let unlocked = self.with_vault(|vault| Ok(vault.is_unlocked()))?;
        if unlocked {
            self.settle(now)?;
        }
        // A locked wallet shows nothing, and one that nobody vouches for gets no staples: neither asks for any.
        if self.refuse_locked().is_ok() {
            let staples = self.refresh_staples().await;
            done.staples = done.keep(staples)?.unwrap_or(0);
            done.renewed = Arc::clone(&self).renew_if_needed(now.unix_seconds, &mut done).await?;
        }
        self.anchor_version().await?;
        done.next_at = self.next_refresh(self.now()?.unix_seconds, &done)?;
        Ok(done)
    }

    /// Fetches this hour's staples for all copies, and deletes the hardware keys of copies that were used up. No prompt; works
    /// while locked. Gives back how many staples are new.
    ///
    /// # Errors
    /// [`WalletError::Offline`], [`WalletError::IssuerRefused`], [`WalletError::NotTrusted`],
    /// [`WalletError::Unavailable`].
    pub async fn refresh_staples(&self) -> Result<u32, WalletError> {
        let (entries, unlocked) = self.with_vault(|vault| Ok((vault.staples()?, vault.is_unlocked())))?;
        if unlocked {
            self.delete_spent_keys().await?;
        }
        let Some((instance, public)) = self.known_instance()?.filter(|_| !entries.is_empty()) else {
            return Ok(0);
        };
        let copies: Vec<_> = entries.into_iter().map(|entry| entry.cti).collect();
        let issuer = self.issuer()?;
        let now = self.now()?.unix_seconds;
        let (refresh, StapleStep::SignInstance(bytes)) =
            StapleRefresh::begin(issuer, &public, copies.clone(), now)?;
        let signature = self.platform.key_store.sign_instance(instance.id, bytes).await?;
        let request = refresh.signed(&signature)?;
        let response = self.platform.http.send(request).await?;
        let staples = refresh.finish(&response)?;
        // A staple from the future would be kept as the newest for good, and no counter takes it.
        let newest = counter::hour_of(now.saturating_add(CLOCK_SKEW)).unwrap_or(0);
        if staples.iter().flatten().any(|staple| staple.hour > newest) {
            return Err(WalletError::NotTrusted { why: Distrust::IssuerAnswer });
        }
        let fetched: Vec<_> = copies
            .into_iter()
            .zip(staples)
            .filter_map(|(cti, staple)| {
                let staple = staple?;
                Some((cti, Staple { hour: staple.hour, preimage: staple.preimage.0 }))
            })
            .collect();
        let stored = self.with_vault(|vault| vault.set_staples(&fetched))?;
        self.anchor_version().await?;
        Ok(stored)
    }
}

impl Refreshed {
    /// What a part gave. What the issuer or the network did is noted, what failed on this phone is an error.
    fn keep<T>(&mut self, part: Result<T, WalletError>) -> Result<Option<T>, WalletError> {
        match part {
            Ok(done) => Ok(Some(done)),
            Err(
                error @ (WalletError::Offline
                | WalletError::IssuerRefused { .. }
                | WalletError::NotTrusted { .. }
                | WalletError::AnotherHolder
                | WalletError::KeyInvalidated
                | WalletError::Unavailable { .. }),
            ) => {
                self.trouble.get_or_insert(error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl Wallet {
    /// Keeps what the issuer told of the card's state: it explains what the signed lists say.
    pub(super) fn hear_standing(&self, told: Option<LifeCycle>) -> Result<(), WalletError> {
        self.with_vault(|vault| {
            let mut standing = Standing::load(vault)?;
            if standing.told() == told {
                return Ok(());
            }
            standing.tell(told);
            standing.store(vault)
        })
    }

    /// Fetches the status lists that are due, or that the issuer's word contradicts. Gives back how many.
    async fn refresh_lists(&self) -> Result<u32, WalletError> {
        let now = self.now()?.unix_seconds;
        let standing = self.with_vault(Standing::load)?;
        let contradicted = standing.is_contradicted();
        let mut due: Vec<String> = standing
            .lists()
            .filter(|asked| contradicted || asked.is_due(now))
            .map(|asked| asked.uri.clone())
            .collect();
        due.sort();
        due.dedup();
        let (mut fetched, mut trouble) = (0_u32, None);
        for uri in due {
            // One list that is not to be had keeps no other from being heard.
            let token = match self.fetch_list(&uri).await {
                Ok(token) => token,
                Err(error) => {
                    trouble.get_or_insert(error);
                    continue;
                }
            };
            let now = self.now()?.unix_seconds;
            self.with_vault(|vault| {
                let mut standing = Standing::load(vault)?;
                for asked in standing.lists_mut().filter(|asked| asked.uri == uri) {
                    // 8.3: an index beyond the list is no status that holds.
                    let status = token.list().status(asked.idx).unwrap_or(crate::status::Status::Invalid);
                    Asked::take(asked, &token, status, now);
                }
                standing.store(vault)
            })?;
            fetched = fetched.saturating_add(1);
        }
        trouble.map_or(Ok(fetched), Err)
    }

    async fn fetch_list(&self, uri: &str) -> Result<StatusToken, WalletError> {
        let form = StatusForm::Cwt;
        let headers = HashMap::from([("accept".to_owned(), form.media_type().to_owned())]);
        let request = HttpRequest { method: HttpMethod::Get, url: uri.to_owned(), headers, body: Vec::new() };
        let response = self.platform.http.send(request).await?;
        let unavailable = WalletError::IssuerRefused { why: crate::card::Refusal::Unavailable };
        match response.status {
            200 => {}
            500.. => return Err(unavailable),
            _ => return Err(WalletError::NotTrusted { why: Distrust::IssuerAnswer }),
        }
        let now = self.now()?.unix_seconds;
        StatusToken::verify_under(&response.body, form, uri, &self.roots.issuers, now).map_err(|error| {
            match error {
                // A list that was good and is not renewed: its server is behind, or the phone's clock is.
                StatusError::Expired | StatusError::FromTheFuture => unavailable,
                _ => WalletError::NotTrusted { why: Distrust::IssuerAnswer },
            }
        })
    }

    /// Fetches fresh copies where the old ones end soon, run low, or say what is no longer true.
    async fn renew_if_needed(
        self: Arc<Self>,
        now: i64,
        done: &mut Refreshed,
    ) -> Result<Renewed, WalletError> {
        let soon = |until: Option<i64>| until.is_some_and(|until| now >= until.saturating_sub(RENEW_BEFORE));
        let (ends_soon, unlocked) = self
            .with_vault(|vault| Ok((soon(Standing::load(vault)?.first_renewable()), vault.is_unlocked())))?;
        if !unlocked {
            return Ok(if ends_soon { Renewed::AfterUnlock } else { Renewed::NotNeeded });
        }
        let needed = self.with_vault(|vault| {
            let standing = Standing::load(vault)?;
            let mut needed = Vec::new();
            for card in vault.cards()? {
                let wanted = match standing.of(&card, now) {
                    LifeCycle::Active { .. } | LifeCycle::NeedsRenewal { .. } => {
                        // When the ID itself ends soon the issuer is asked once more: its own rules say whether that prolongs it.
                        let soon_from = standing.ends_soon_from(&card.id);
                        let ask = card.enrolled_at < soon_from && soon_from <= now;
                        let pool = vault.pool(&card.id)?;
                        let low =
                            pool.iter().any(|(level, count)| count.fresh.saturating_mul(3) <= level.batch());
                        ask || low || soon(standing.renewable_until(&card.id))
                    }
                    LifeCycle::Replaced { reason: ReplaceReason::DetailsChanged } => true,
                    _ => false,
                };
                if wanted {
                    needed.push(card.document);
                }
            }
            Ok(needed)
        })?;
        let mut all = Renewed::NotNeeded;
        for document in needed {
            let one = Arc::clone(&self).renew_one(document, done).await?;
            // Of several the one that asks for most is told.
            all = if matches!(all, Renewed::NotNeeded | Renewed::Done) { one } else { all };
        }
        Ok(all)
    }

    async fn renew_one(
        self: Arc<Self>,
        document: String,
        done: &mut Refreshed,
    ) -> Result<Renewed, WalletError> {
        // An issuance that is driven, or waits for a browser or for an issuer that was not ready, must not lose its keys to this one.
        let under_way = self.with_vault(super::underway::UnderWay::load)?.saved().is_some();
        if under_way || self.turns.is_taken() || self.deferred.lock().is_ok_and(|deferred| deferred.is_some())
        {
            return Ok(Renewed::Later);
        }
        let renewed = self.renew_document(document, None).await;
        if renewed == Err(WalletError::UserCancelled) {
            // One that the citizen began took the turn.
            return Ok(Renewed::Later);
        }
        let over = match &renewed {
            Err(WalletError::CardNotFound) => true,
            Err(WalletError::IssuerRefused { why }) => why.ends_renewal(),
            _ => false,
        };
        if over {
            return Ok(Renewed::EnrolAgain);
        }
        Ok(match done.keep(renewed)? {
            Some(Issued::Card { .. }) => Renewed::Done,
            Some(Issued::Later { .. } | Issued::SignIn { .. }) => Renewed::Later,
            None => Renewed::Failed,
        })
    }

    /// The next hour, the next list, or soon after a failure.
    fn next_refresh(&self, now: i64, done: &Refreshed) -> Result<i64, WalletError> {
        let lists = self.with_vault(|vault| Ok(Standing::load(vault)?.next_list()))?;
        let retry = done.trouble.as_ref().map(|_| now.saturating_add(RETRY));
        let next = lists.into_iter().chain(retry).min().unwrap_or(i64::MAX);
        Ok(next.clamp(now.saturating_add(SOONEST), now.saturating_add(LATEST)))
    }

    /// A spent copy's key can sign nothing that is shown any more; it leaves the hardware.
    async fn delete_spent_keys(&self) -> Result<(), WalletError> {
        let spent = self.with_vault(|vault| vault.spent_keys())?;
        if spent.is_empty() {
            return Ok(());
        }
        let ids = spent.iter().map(|(_, key)| key.as_str().to_owned()).collect();
        let gone = self.platform.key_store.delete(ids).await?;
        let forget: Vec<_> = spent
            .iter()
            .filter(|(_, key)| gone.iter().any(|id| id == key.as_str()))
            .map(|(copy, _)| *copy)
            .collect();
        self.with_vault(|vault| vault.forget_spent(&forget))?;
        self.anchor_version().await
    }
}

impl From<AskError> for WalletError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::IssuerMisbehaved(_) => Self::NotTrusted { why: Distrust::IssuerAnswer },
            AskError::Refused(why) => Self::IssuerRefused { why },
            AskError::Misuse(_) => Self::Unavailable { code: code::INTERNAL },
        }
    }
}
