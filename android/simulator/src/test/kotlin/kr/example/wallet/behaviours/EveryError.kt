package kr.example.wallet.behaviours

import kr.example.wallet.core.ActiveReason
import kr.example.wallet.core.CardTrouble
import kr.example.wallet.core.CommandReason
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.Distrust
import kr.example.wallet.core.ErrorText
import kr.example.wallet.core.ExpireReason
import kr.example.wallet.core.LifeCycle
import kr.example.wallet.core.OfferReason
import kr.example.wallet.core.PasswordKind
import kr.example.wallet.core.Refusal
import kr.example.wallet.core.RenewReason
import kr.example.wallet.core.ReplaceReason
import kr.example.wallet.core.RevokeReason
import kr.example.wallet.core.SuspendReason
import kr.example.wallet.core.Unusable
import kr.example.wallet.core.WalletException
import kotlin.reflect.KClass
import kotlin.test.assertEquals
import kotlin.test.assertNotEquals
import kotlin.test.assertTrue

/** An error of every kind with every reason. A kind that is not among them is found by its class. */
internal fun everyError(): List<WalletException> {
    val standings =
        OfferReason.entries.map(LifeCycle::Offered) + ActiveReason.entries.map(LifeCycle::Active) +
            SuspendReason.entries.map(LifeCycle::Suspended) + RenewReason.entries.map(LifeCycle::NeedsRenewal) +
            ExpireReason.entries.map(LifeCycle::Expired) + RevokeReason.entries.map(LifeCycle::Revoked) +
            ReplaceReason.entries.map(LifeCycle::Replaced)
    val unusable =
        CommandReason.entries.map(Unusable::LockedByCommand) + standings.map(Unusable::Card) +
            listOf(Unusable.Wiped, Unusable.StapleTooOld(30u))
    val errors =
        listOf(
            WalletException.UserCancelled(),
            WalletException.CardLost(),
            WalletException.Locked(),
            WalletException.LockedOut(),
            WalletException.NoBiometrics(),
            WalletException.KeyInvalidated(),
            WalletException.FaceMismatch(),
            WalletException.Offline(),
            WalletException.AnotherHolder(),
            WalletException.CardNotFound(),
            WalletException.ShowEnded(),
            WalletException.NotForThisWallet(),
            WalletException.StorageFull(),
            WalletException.StorageCorrupt(null),
            WalletException.StorageCorrupt("/vault.unreadable-1"),
            WalletException.Unavailable(-1005),
        ) + PasswordKind.entries.flatMap { kind -> listOf(null, 2.toUByte()).map { WalletException.WrongPassword(kind, it) } } +
            CardTrouble.entries.map(WalletException::CardUnreadable) + Distrust.entries.map(WalletException::NotTrusted) +
            Refusal.entries.map(WalletException::IssuerRefused) + Disclosure.entries.map(WalletException::NoCopiesLeft) +
            unusable.map(WalletException::NotUsable)
    assertAll(LifeCycle::class, standings)
    assertAll(Unusable::class, unusable)
    assertAll(WalletException::class, errors)
    return errors
}

/** What happened and what to do next, each in sentences of its own language, and nothing of how they were made. */
internal fun assertSpoken(
    what: Any,
    korean: ErrorText,
    english: ErrorText,
) {
    for (text in listOf(korean, english)) {
        assertNotEquals(text.what, text.next, "$what")
        for (sentence in listOf(text.what, text.next)) {
            assertTrue(sentence.isNotBlank() && sentence.endsWith('.'), "$what: $sentence")
            assertEquals(emptyList(), LEFT_OVER.filter { it in sentence }, "$what: $sentence")
        }
    }
    for (sentence in listOf(korean.what, korean.next)) assertTrue(sentence.any(::isHangul), "$what: $sentence")
    for (sentence in listOf(english.what, english.next)) assertTrue(sentence.none(::isHangul), "$what: $sentence")
}

/** A sealed class has no kind that [samples] lack. */
private fun assertAll(
    sealed: KClass<*>,
    samples: List<Any>,
) {
    val kinds = setOf(*checkNotNull(sealed.java.permittedSubclasses))
    assertTrue(kinds.size > 1, "$sealed")
    assertEquals(kinds, samples.map { it.javaClass }.toSet())
}

private fun isHangul(letter: Char) = letter in '가'..'힣'

private val LEFT_OVER = listOf("{", "}", "%", "$", "null", "None", "Some", "TODO", "/vault")
