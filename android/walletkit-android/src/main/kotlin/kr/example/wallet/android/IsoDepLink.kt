package kr.example.wallet.android

import android.nfc.Tag
import android.nfc.TagLostException
import android.nfc.tech.IsoDep
import android.os.SystemClock
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asExecutor
import kotlinx.coroutines.suspendCancellableCoroutine
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.LinkException
import kr.example.wallet.core.LinkLimits
import java.io.IOException
import java.util.concurrent.Executor
import kotlin.coroutines.resumeWithException

/**
 * A chip card at the phone's antenna. It is connected at the first call. [close] ends it, as the closing of the reading sheet
 * does: what is under way fails with `Cancelled`.
 */
public class IsoDepLink internal constructor(
    private val card: IsoDep,
    private val elapsedMillis: () -> Long = SystemClock::elapsedRealtime,
    private val executor: Executor = Dispatchers.IO.asExecutor(),
) : CardLink,
    AutoCloseable {
    private val connecting = Any()
    private var isConnected = false

    @Volatile private var closed = false

    override suspend fun transceive(apdu: ByteArray): ByteArray =
        onCard {
            if (apdu.size > card.maxTransceiveLength) throw LinkException.TooLong()
            card.transceive(apdu)
        }

    override suspend fun limits(): LinkLimits =
        onCard {
            val longest = card.maxTransceiveLength
            val extended = card.isExtendedLengthApduSupported && longest > SHORT_COMMAND
            val response = if (extended) longest.coerceAtMost(EXTENDED_RESPONSE) else SHORT_RESPONSE
            LinkLimits(longest.toUInt(), response.toUInt(), extended)
        }

    override fun close() {
        closed = true
        // Closing waits for the radio; nobody who closes a sheet does.
        executor.execute(::disconnect)
    }

    /** Runs [call] on a thread that may block, connected. A cancelled coroutine hangs up, which ends the wait for the card. */
    private suspend fun <T> onCard(call: () -> T): T =
        suspendCancellableCoroutine { waiting ->
            waiting.invokeOnCancellation { close() }
            executor.execute {
                val result = runCatching { attempt(call) }
                result.fold(
                    { answer -> waiting.resume(answer) { _, _, _ -> } },
                    { failure -> waiting.resumeWithException(failure) },
                )
            }
        }

    private fun <T> attempt(call: () -> T): T {
        if (closed) throw LinkException.Cancelled()
        val start = elapsedMillis()
        try {
            connect()
            return call()
        } catch (failure: LinkException) {
            throw failure
        } catch (failure: Exception) {
            throw name(failure, elapsedMillis() - start)
        }
    }

    /** Once: a card that left is another tag when it comes back, and this one is never connected again. */
    private fun connect(): Unit =
        synchronized(connecting) {
            if (isConnected) return
            try {
                card.connect()
            } catch (failure: IOException) {
                // Whatever keeps the link from being made: the system says of a card that left no more than this.
                throw if (closed) LinkException.Cancelled() else LinkException.TagLost()
            }
            isConnected = true
            // The system's own 300 to 600 ms are too short for a chip that computes: it would be reported as lost.
            card.timeout = TIMEOUT
        }

    private fun disconnect() {
        try {
            card.close()
        } catch (_: IOException) {
            // It is gone already.
        } catch (_: SecurityException) {
            // Another card is at the antenna by now.
        }
    }

    private fun hasLeft(): Boolean =
        try {
            !card.isConnected
        } catch (_: SecurityException) {
            true
        }

    private fun name(
        failure: Exception,
        waited: Long,
    ): LinkException =
        when {
            closed -> LinkException.Cancelled()

            // A chip that keeps silent and one that left are one exception to Android; only the clock knows.
            failure is IOException && waited >= TIMEOUT -> LinkException.Timeout()

            failure is TagLostException -> LinkException.TagLost()

            // The system noticed between two commands that it left, and says no more than of a radio that failed.
            failure is IOException && hasLeft() -> LinkException.TagLost()

            // The tag is out of date: it left, and something else was seen since (Android 13 and later).
            failure is SecurityException -> LinkException.TagLost()

            failure is IOException -> LinkException.Failed(IO)

            // Another technology of this tag is connected, or the link was never made.
            failure is IllegalStateException -> LinkException.Failed(STATE)

            else -> LinkException.Failed(UNKNOWN)
        }

    /** What [LinkException.Failed.osCode] says. */
    public companion object {
        /** The radio failed, or the NFC service died: EIO. */
        public const val IO: Int = 5

        /** The tag is in use otherwise: EBUSY. */
        public const val STATE: Int = 16

        /** Anything else. */
        public const val UNKNOWN: Int = -1

        /** How long one command may take, milliseconds. */
        public const val TIMEOUT: Int = 10_000

        private const val SHORT_COMMAND = 261
        private const val SHORT_RESPONSE = 258
        private const val EXTENDED_RESPONSE = 65_538

        /** A link to the chip card that [tag] is; null when it is none. */
        public fun of(tag: Tag): IsoDepLink? = IsoDep.get(tag)?.let { IsoDepLink(it) }
    }
}
