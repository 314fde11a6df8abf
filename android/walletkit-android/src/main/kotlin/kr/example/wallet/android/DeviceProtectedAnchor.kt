package kr.example.wallet.android

import android.content.Context
import android.system.ErrnoException
import android.util.AtomicFile
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import kr.example.wallet.core.Anchor
import kr.example.wallet.core.AnchorException
import java.io.File
import java.io.FileNotFoundException
import java.io.FileOutputStream
import java.io.IOException

/**
 * The anchor as one small file in device-protected storage: there before the first unlock after a start, encrypted with a key
 * of this device, and in no backup, so that a restored older vault meets the newer anchor.
 */
public class DeviceProtectedAnchor(
    context: Context,
) : Anchor {
    private val path = File(context.createDeviceProtectedStorageContext().noBackupFilesDir, NAME)
    private val file = AtomicFile(path)

    override suspend fun load(): ByteArray = io { read() }

    override suspend fun store(bytes: ByteArray): ByteArray =
        io {
            if (bytes.size > LIMIT) throw AnchorException.Failed(TOO_LONG)
            write(bytes)
            // AtomicFile only logs that it could not sync or rename: what counts is what can be read.
            read().also { if (!it.contentEquals(bytes)) throw AnchorException.Failed(NOT_STORED) }
        }

    private fun read(): ByteArray {
        val bytes =
            try {
                file.openRead().use { input ->
                    val buffer = ByteArray(LIMIT + 1)
                    var length = 0
                    while (length < buffer.size) {
                        val count = input.read(buffer, length, buffer.size - length)
                        if (count < 0) break
                        length += count
                    }
                    buffer.copyOf(length)
                }
            } catch (missing: FileNotFoundException) {
                if (path.exists()) throw missing
                ByteArray(0)
            }
        if (bytes.size > LIMIT) throw AnchorException.Failed(TOO_LONG)
        return bytes
    }

    private fun write(bytes: ByteArray) {
        val output: FileOutputStream = file.startWrite()
        try {
            output.write(bytes)
        } catch (failure: IOException) {
            file.failWrite(output)
            throw failure
        }
        file.finishWrite(output)
    }

    private suspend fun <T> io(block: () -> T): T =
        withContext(Dispatchers.IO) {
            try {
                // Two writers would share one temporary file.
                synchronized(LOCK) { block() }
            } catch (failure: IOException) {
                throw AnchorException.Failed((failure.cause as? ErrnoException)?.errno ?: BROKEN)
            }
        }

    /** What [AnchorException.Failed.osCode] says beside the system's `errno`. */
    public companion object {
        /** More than 256 bytes: EINVAL. */
        public const val TOO_LONG: Int = 22

        /** What was read after storing is not what was stored: EIO. */
        public const val NOT_STORED: Int = 5

        /** The file cannot be read or written, and the system does not say why. */
        public const val BROKEN: Int = -1

        private const val LIMIT = 256
        private const val NAME = "walletkit-anchor"
        private val LOCK = Any()
    }
}
