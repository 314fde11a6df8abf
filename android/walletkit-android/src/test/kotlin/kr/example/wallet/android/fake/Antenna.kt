package kr.example.wallet.android.fake

import android.app.Activity
import android.nfc.NfcAdapter
import android.nfc.Tag
import android.nfc.TagLostException
import android.nfc.tech.IsoDep
import android.nfc.tech.TagTechnology
import android.os.Bundle
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadow.api.Shadow
import org.robolectric.shadows.ShadowIsoDep
import org.robolectric.shadows.ShadowNfcAdapter
import java.io.IOException
import java.util.concurrent.ConcurrentLinkedQueue

/** What is at the phone's antenna, and what the app asked of the radio. */
object Antenna {
    /** The card's answer to a command. */
    @Volatile var card: (ByteArray) -> ByteArray = { byteArrayOf(0x6D, 0) }

    /** The link cannot be made. */
    @Volatile var noConnection = false

    /** The card lies at the antenna. */
    @Volatile var isThere = true

    @Volatile var longest = 65_279

    @Volatile var extended = true

    /** `connect`, `close` and `timeout N`, in order. */
    val done = ConcurrentLinkedQueue<String>()

    /** What reader mode was switched on with. */
    @Volatile var reading: Reading? = null

    /** How reader mode is. */
    class Reading(
        val flags: Int,
        val extras: Bundle?,
    )

    fun reset() {
        card = { byteArrayOf(0x6D, 0) }
        noConnection = false
        isThere = true
        longest = 65_279
        extended = true
        done.clear()
        reading = null
    }

    /** A chip card as the system describes it; [ShadowIsoDep.newInstance] has no tag that reader mode could bring. */
    fun chipCard(): Tag {
        val technologies = intArrayOf(TagTechnology.NFC_A, TagTechnology.ISO_DEP)
        return Tag.createMockTag(byteArrayOf(1, 2, 3, 4), technologies, arrayOf(Bundle(), Bundle()), 0)
    }

    /** A sticker. */
    fun sticker(): Tag = Tag.createMockTag(byteArrayOf(4, 3, 2, 1), intArrayOf(TagTechnology.NFC_A), arrayOf(Bundle()), 0)
}

/** `IsoDep` with [Antenna.card] behind it. */
@Implements(IsoDep::class)
class CardAtAntenna : ShadowIsoDep() {
    @Volatile private var connected = false

    /** It left: the system gives whatever comes next another number. */
    @Volatile private var gone = false

    /** As the system does, it looks whether the card is there still. */
    @Implementation
    override fun isConnected(): Boolean = connected && !isGone()

    @Implementation
    override fun connect() {
        // `BasicTagTechnology` throws a plain one, whatever happened.
        if (Antenna.noConnection || isGone()) throw IOException()
        Antenna.done += "connect"
        connected = true
    }

    @Implementation
    override fun close() {
        Antenna.done += "close"
        connected = false
    }

    @Implementation
    override fun setTimeout(timeout: Int) {
        check(connected) { "the system forgets a timeout that is set before connecting" }
        Antenna.done += "timeout $timeout"
    }

    @Implementation
    override fun transceive(data: ByteArray): ByteArray {
        check(connected) { "Call connect() first!" }
        val before = gone
        if (isGone()) throw if (before) IOException("transceive failed") else TagLostException("Tag was lost.")
        return Antenna.card(data)
    }

    private fun isGone(): Boolean {
        if (!Antenna.isThere) gone = true
        return gone
    }

    @Implementation
    override fun getMaxTransceiveLength(): Int = Antenna.longest

    @Implementation
    override fun isExtendedLengthApduSupported(): Boolean = Antenna.extended
}

/** `NfcAdapter` whose reader mode [Antenna] sees. */
@Implements(NfcAdapter::class)
class ReaderAtAntenna : ShadowNfcAdapter() {
    @Implementation
    override fun enableReaderMode(
        activity: Activity,
        callback: NfcAdapter.ReaderCallback,
        flags: Int,
        extras: Bundle?,
    ) {
        check(!activity.isDestroyed) { "activity is already destroyed" }
        super.enableReaderMode(activity, callback, flags, extras)
        Antenna.reading = Antenna.Reading(flags, extras)
    }

    @Implementation
    override fun disableReaderMode(activity: Activity) {
        check(!activity.isDestroyed) { "activity is already destroyed" }
        super.disableReaderMode(activity)
        Antenna.reading = null
    }
}

internal fun reader(adapter: NfcAdapter): ReaderAtAntenna = Shadow.extract(adapter)
