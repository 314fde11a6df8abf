package kr.example.wallet.simulator

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.LinkException
import kr.example.wallet.core.LinkLimits
import java.io.DataInputStream
import java.io.EOFException
import java.io.IOException
import java.net.Socket

/** A card held to the phone for as long as the connection stands. */
public class SimulatedCard internal constructor(
    address: String,
) : CardLink,
    AutoCloseable {
    private val socket = address.split(":").let { (host, port) -> Socket(host, port.toInt()) }.apply { tcpNoDelay = true }
    private val answers = DataInputStream(socket.getInputStream().buffered())

    override suspend fun transceive(apdu: ByteArray): ByteArray =
        withContext(Dispatchers.IO) {
            if (apdu.size > MAX_MESSAGE) throw LinkException.TooLong()
            try {
                // Length and body in one segment: apart they would wait for each other's acknowledgement.
                socket.getOutputStream().write(byteArrayOf((apdu.size shr 8).toByte(), apdu.size.toByte()) + apdu)
                ByteArray(answers.readUnsignedShort()).also(answers::readFully)
            } catch (_: EOFException) {
                throw LinkException.TagLost()
            } catch (_: IOException) {
                throw LinkException.TagLost()
            }
        }

    override suspend fun limits(): LinkLimits = LinkLimits(MAX_MESSAGE.toUInt(), MAX_MESSAGE.toUInt(), true)

    /** Takes the card away. */
    override fun close(): Unit = socket.close()

    private companion object {
        const val MAX_MESSAGE = 0xFFFF
    }
}
