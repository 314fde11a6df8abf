/// Keeping the ID, and losing it: what the issuer orders, what is fetched in the background, and the end.
extension MobileId {
    /// Why a command of the issuer locks the wallet; none when none does. `lockedText` has the words, and the way out.
    public func lockedFor() throws(WalletError) -> CommandReason? { try walletCall { try wallet.lockedFor() } }

    /// Asks the issuer once for commands (lock, resume, wipe), waiting at most `wait` seconds, 25 at most, for one, and obeys
    /// them. No prompt; works while locked.
    @discardableResult
    public func receiveCommands(wait: UInt32 = 0) async throws(WalletError) -> CommandsHeard {
        try await walletCall { try await self.wallet.receiveCommands(wait: wait) }
    }

    /// What the wallet obeyed, as soon as it did, for as long as the app is in front: loop over it there, and leave the loop when
    /// the app goes away. ``refresh()`` is for the background.
    ///
    /// Without a network, or with an issuer that is not ready, it asks again after `pause`. It ends after a wipe; what failed on
    /// this phone is thrown.
    public func commands(pause: Duration = .seconds(15)) -> some AsyncSequence<CommandOp, WalletError> & Sendable {
        Events { tell throws(WalletError) in
            while !Task.isCancelled {
                do throws(WalletError) {
                    let began = ContinuousClock.now
                    let heard = try await self.receiveCommands(wait: 25)
                    for command in heard.obeyed { tell(command) }
                    if heard.obeyed.last == .wipe { return }
                    // Nobody waited: there is no ID yet, and one that comes must hear of a loss at once; or the issuer does not hold the line.
                    if heard.obeyed.isEmpty && began.duration(to: .now) < .seconds(1) {
                        try? await Task.sleep(for: (try? self.state()) == .empty ? .seconds(1) : pause)
                    }
                } catch {
                    if Task.isCancelled { return }
                    switch error {
                    case .Offline, .IssuerRefused, .NotTrusted: try? await Task.sleep(for: pause)
                    case .NotUsable(.wiped): return
                    default: throw error
                    }
                }
            }
        }
    }

    /// Everything the wallet does in the background: obeys commands, asks how the issuer sees the cards, fetches this hour's
    /// proofs, and fresh copies before the old ones end or run out. No prompt; works while locked, but for the copies.
    ///
    /// Call it when the app comes up and in a background task, again at `nextAt`. What the issuer or the network failed to do is
    /// in `trouble`, and no error.
    @discardableResult
    public func refresh() async throws(WalletError) -> Refreshed {
        try await walletCall { try await self.wallet.refresh() }
    }

    /// Fetches this hour's proofs of freshness alone, without a prompt; gives back how many are new.
    @discardableResult
    public func refreshStaples() async throws(WalletError) -> UInt32 {
        try await walletCall { try await self.wallet.refreshStaples() }
    }

    /// Wipes this wallet after one prompt: its hardware keys, then everything it holds. Works without a network and while a
    /// command locks it. The issuer is told nothing and still counts this phone as the citizen's; see ``giveUpPhone()``.
    ///
    /// Afterwards ``state()`` says `.wiped`, and ``startOver()`` makes an empty wallet.
    public func wipe() async throws(WalletError) { try await walletCall { try await self.wallet.wipe() } }

    /// Gives this phone up after one prompt, so that the citizen can get the ID on another one, and then wipes it. Without the
    /// issuer's answer nothing happens.
    public func giveUpPhone() async throws(WalletError) {
        try await walletCall { try await self.wallet.giveUpPhone() }
    }
}
