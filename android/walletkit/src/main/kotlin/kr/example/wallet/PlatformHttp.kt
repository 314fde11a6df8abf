package kr.example.wallet

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runInterruptible
import kr.example.wallet.core.Http
import kr.example.wallet.core.HttpException
import kr.example.wallet.core.HttpMethod
import kr.example.wallet.core.HttpRequest
import kr.example.wallet.core.HttpResponse
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.net.ConnectException
import java.net.HttpURLConnection
import java.net.InetAddress
import java.net.NoRouteToHostException
import java.net.SocketTimeoutException
import java.net.URI
import java.net.UnknownHostException
import javax.net.ssl.SSLException

/**
 * The HTTP client of the platform, `java.net` on phones and desktops alike. It follows no redirect, keeps no cookie or cache,
 * reads at most 1 MiB for at most a minute, and speaks in the clear to this very device only.
 *
 * @param allowCleartextTo **development only**: one more host that may be spoken to without TLS, such as `10.0.2.2`, the
 *   computer that runs the emulator.
 */
public class PlatformHttp(
    private val allowCleartextTo: String? = null,
) : Http {
    override suspend fun send(request: HttpRequest): HttpResponse =
        try {
            runInterruptible(Dispatchers.IO) { exchange(request) }
        } catch (_: SocketTimeoutException) {
            throw HttpException.Timeout()
        } catch (_: SSLException) {
            throw HttpException.Tls()
        } catch (failure: IOException) {
            throw if (failure.isOffline()) HttpException.Offline() else HttpException.Failed(BROKEN)
        } catch (_: IllegalArgumentException) {
            throw HttpException.Failed(BAD_ADDRESS)
        }

    private fun exchange(request: HttpRequest): HttpResponse {
        val end = System.nanoTime() + TOTAL_NANOSECONDS
        val address = URI(request.url.also { require(it.isNotBlank()) }).toURL()
        if (address.protocol != "https" && !mayBeClear(address.protocol, address.host)) throw HttpException.Tls()
        val connection = address.openConnection() as HttpURLConnection
        try {
            connection.instanceFollowRedirects = false
            connection.useCaches = false
            connection.connectTimeout = CONNECT_TIMEOUT
            connection.readTimeout = READ_TIMEOUT
            request.headers.forEach(connection::setRequestProperty)
            when (request.method) {
                HttpMethod.GET -> {
                    connection.requestMethod = "GET"
                }

                HttpMethod.POST -> {
                    connection.requestMethod = "POST"
                    connection.doOutput = true
                    connection.setFixedLengthStreamingMode(request.body.size)
                    connection.outputStream.use { it.write(request.body) }
                }
            }
            val status = connection.responseCode
            if (status !in 100..599) throw HttpException.Failed(BROKEN)
            val body = (connection.errorStream ?: if (status < 400) connection.inputStream else null)?.use { read(it, end) }
            val headers = connection.headerFields.entries.filter { it.key != null }
            return HttpResponse(
                status.toUShort(),
                headers.associate { it.key.lowercase() to it.value.joinToString(", ") },
                body ?: ByteArray(0),
            )
        } finally {
            connection.disconnect()
        }
    }

    private fun mayBeClear(
        protocol: String,
        host: String,
    ): Boolean {
        if (protocol != "http") return false
        return host == allowCleartextTo || host == "localhost" ||
            (host.matches(NUMERIC) && InetAddress.getByName(host).isLoopbackAddress)
    }

    /** A server that says a word now and then holds nobody for longer than until [end], and one who gave up not even so long. */
    private fun read(
        stream: InputStream,
        end: Long,
    ): ByteArray {
        // By hand: phones before Android 13 have no InputStream.readNBytes.
        val body = ByteArrayOutputStream()
        val chunk = ByteArray(CHUNK)
        while (true) {
            val length = stream.read(chunk)
            if (length < 0) return body.toByteArray()
            if (body.size() + length > MAX_BODY) throw HttpException.Failed(TOO_LONG)
            body.write(chunk, 0, length)
            if (Thread.interrupted()) throw InterruptedException()
            if (System.nanoTime() - end > 0) throw SocketTimeoutException()
        }
    }

    private fun IOException.isOffline() = this is ConnectException || this is UnknownHostException || this is NoRouteToHostException

    /** What [HttpException.Failed.osCode] says. */
    public companion object {
        /** The connection broke, or the answer is not HTTP. */
        public const val BROKEN: Int = 1

        /** The answer is longer than 1 MiB. */
        public const val TOO_LONG: Int = 2

        /** The address is none. */
        public const val BAD_ADDRESS: Int = 3

        private const val CONNECT_TIMEOUT = 10_000
        private const val READ_TIMEOUT = 30_000
        private const val TOTAL_NANOSECONDS = 60_000_000_000L
        private const val MAX_BODY = 1 shl 20
        private const val CHUNK = 8192
        private val NUMERIC = Regex("""[0-9.]+|\[[0-9a-fA-F:]+]""")
    }
}
