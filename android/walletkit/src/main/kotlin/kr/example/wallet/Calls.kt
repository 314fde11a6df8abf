package kr.example.wallet

import kr.example.wallet.core.CardState
import kr.example.wallet.core.CardView
import kr.example.wallet.core.ClockException
import kr.example.wallet.core.CommandReason
import kr.example.wallet.core.ErrorText
import kr.example.wallet.core.InternalException
import kr.example.wallet.core.Language
import kr.example.wallet.core.LifeCycle
import kr.example.wallet.core.RenewReason
import kr.example.wallet.core.WalletException
import kr.example.wallet.core.errorText
import kr.example.wallet.core.lockedText
import kr.example.wallet.core.standingText

/** [WalletException.Unavailable.code] when the library itself failed. */
public const val INTERNAL_FAILURE: Int = -1004

/** [WalletException.Unavailable.code] when the app's own part failed in a way that it may not. */
private const val UNFORESEEN = -1

/** Runs [call] so that a panic behind it, which the generated code throws as an [InternalException], arrives as a [WalletException]. */
internal inline fun <T> walletCall(call: () -> T): T =
    try {
        call()
    } catch (_: InternalException) {
        // Its message holds a stack of the library, which is nobody's to read.
        throw WalletException.Unavailable(INTERNAL_FAILURE)
    }

/** Asks the app's own clock: whatever it throws arrives as what the core makes of it in every other call. */
internal fun <T> clockCall(call: () -> T): T =
    try {
        call()
    } catch (failure: ClockException.Failed) {
        throw WalletException.Unavailable(failure.osCode)
    } catch (_: Throwable) {
        throw WalletException.Unavailable(UNFORESEEN)
    }

/** What happened and what to do next, in [language], for the citizen's eyes. */
public fun WalletException.text(language: Language): ErrorText = errorText(this, language)

/** Why a command locked the wallet, and the way out. */
public fun CommandReason.text(language: Language): ErrorText = lockedText(this, language)

/** Whether the card itself ends soon; it holds until then. */
public val CardView.endsSoon: Boolean
    get() = standing == LifeCycle.NeedsRenewal(RenewReason.ENDS_SOON)

/** Whether a counter can be shown it now. A document that counters do not know has no copies for them. */
public val CardView.canBeShown: Boolean
    get() = (state == CardState.ACTIVE || endsSoon) && copies.isNotEmpty()

/** Where a card stands, and what the citizen can do. */
public fun LifeCycle.text(language: Language): ErrorText = standingText(this, language)
