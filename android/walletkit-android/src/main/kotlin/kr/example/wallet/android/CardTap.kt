package kr.example.wallet.android

import android.app.Activity
import android.nfc.NfcAdapter
import android.os.Bundle
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.callbackFlow

/** Whether cards can be read now. */
public enum class NfcState {
    /** Yes. */
    READY,

    /** The citizen switched NFC off: `Settings.ACTION_NFC_SETTINGS` leads to the switch. */
    OFF,

    /** This phone has none. */
    MISSING,
}

/** Something at the antenna. */
public sealed interface Tap {
    /** A chip card. Whoever takes it closes it. */
    public class Card(
        /** The link to it. */
        public val link: IsoDepLink,
    ) : Tap

    /** Not a chip card: say so, for the citizen waits otherwise. */
    public data object NotACard : Tap
}

/** Cards held to the phone while [activity] is in front. */
public class CardTap(
    private val activity: Activity,
) {
    private val adapter: NfcAdapter? = NfcAdapter.getDefaultAdapter(activity)

    /** Whether cards can be read now. */
    public fun state(): NfcState =
        when (adapter?.isEnabled) {
            null -> NfcState.MISSING
            false -> NfcState.OFF
            true -> NfcState.READY
        }

    /**
     * What is held to the phone, for as long as it is collected; the newest when several come. Empty without NFC. Collect it on
     * the main thread, and keep collecting while a card is read: the end of the collection gives the antenna back to the
     * system, which takes the card away.
     */
    public fun taps(): Flow<Tap> =
        callbackFlow {
            val radio = adapter
            if (radio == null) {
                close()
                return@callbackFlow
            }
            val seen = NfcAdapter.ReaderCallback { tag -> trySend(IsoDepLink.of(tag)?.let(Tap::Card) ?: Tap.NotACard) }
            radio.enableReaderMode(activity, seen, FLAGS, Bundle().apply { putInt(PRESENCE_CHECK, PRESENCE_CHECK_DELAY) })
            awaitClose {
                // The system takes the antenna back from a screen that is gone, and throws at whoever asks it to.
                if (!activity.isDestroyed) radio.disableReaderMode(activity)
            }
        }.buffer(Channel.CONFLATED)

    private companion object {
        /** Reader mode, so that no other app is opened by the card; no NDEF, whose detection selects a file on the chip. */
        const val FLAGS = NfcAdapter.FLAG_READER_NFC_A or NfcAdapter.FLAG_READER_NFC_B or NfcAdapter.FLAG_READER_SKIP_NDEF_CHECK
        const val PRESENCE_CHECK = NfcAdapter.EXTRA_READER_PRESENCE_CHECK_DELAY

        /** Milliseconds. At the usual 125 the check's own frame gets between two of secure messaging, and the chip ends the session. */
        const val PRESENCE_CHECK_DELAY = 1000
    }
}
