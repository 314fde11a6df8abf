package kr.example.wallet.conformance

import java.io.DataInputStream
import java.io.IOException
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import kotlin.concurrent.thread

/** The few answers the suite of `Http` needs. Plain sockets: `com.sun.net.httpserver` is not on phones. */
internal class LoopbackServer : AutoCloseable {
    private val socket = ServerSocket(0, BACKLOG, InetAddress.getByName("127.0.0.1"))
    val base = "http://127.0.0.1:${socket.localPort}"

    init {
        thread(isDaemon = true) {
            try {
                while (true) {
                    val connection = socket.accept()
                    thread(isDaemon = true) { connection.use(::answer) }
                }
            } catch (_: IOException) {
                // Closed: the case is over.
            }
        }
    }

    override fun close(): Unit = socket.close()

    private fun answer(connection: Socket) {
        val input = DataInputStream(connection.getInputStream().buffered())
        val path = line(input).split(" ")[1]
        val headers = generateSequence { line(input).takeIf { it.isNotEmpty() } }.toList()
        val length =
            headers
                .firstOrNull { it.startsWith("content-length:", ignoreCase = true) }
                ?.substringAfter(":")
                ?.trim()
                ?.toInt() ?: 0
        val sent = ByteArray(length).also(input::readFully)
        val (status, body) =
            when (path) {
                "/echo" -> "200 OK" to sent
                "/redirect" -> "302 Found" to ByteArray(0)
                "/full" -> "200 OK" to ByteArray(MIB)
                "/over" -> "200 OK" to ByteArray(MIB + 1)
                else -> "404 Not Found" to ByteArray(0)
            }
        if (path == "/drip") return drip(connection)
        val location = if (path == "/redirect") "Location: /echo\r\n" else ""
        val head = "HTTP/1.1 $status\r\nContent-Length: ${body.size}\r\nX-Mixed-Case: yes\r\nConnection: close\r\n$location\r\n"
        try {
            connection.getOutputStream().write(head.encodeToByteArray() + body)
        } catch (_: IOException) {
            // A client that has read enough hangs up.
        }
    }

    /** A word now and then, and no end that anybody would wait for. */
    private fun drip(connection: Socket) {
        try {
            val output = connection.getOutputStream()
            output.write("HTTP/1.1 200 OK\r\nContent-Length: $MIB\r\n\r\n".encodeToByteArray())
            repeat(DROPS) {
                output.write('.'.code)
                Thread.sleep(DROP_MILLISECONDS)
            }
        } catch (_: IOException) {
            // The client has hung up, as it should.
        }
    }

    private fun line(input: DataInputStream): String {
        val bytes = generateSequence { input.readUnsignedByte().takeIf { it != '\n'.code } }
        return bytes
            .map { it.toChar() }
            .joinToString("")
            .trimEnd('\r')
    }

    private companion object {
        const val DROPS = 300
        const val DROP_MILLISECONDS = 100L
        const val BACKLOG = 8
        const val MIB = 1 shl 20
    }
}
