package kr.example.wallet.android

import java.math.BigInteger
import java.security.PublicKey
import java.security.SignatureException
import java.security.interfaces.ECPublicKey

private const val COORDINATE = 32
private const val SEQUENCE = 0x30
private const val INTEGER = 0x02

/** The uncompressed SEC1 point of a P-256 key, 65 bytes. */
internal fun point(key: PublicKey): ByteArray {
    val point = (key as ECPublicKey).w
    return byteArrayOf(4) + padded(point.affineX) + padded(point.affineY)
}

/** `r ‖ s`, 64 bytes, of the DER form that Android signs with. Low s is the core's affair. RFC 3279, 2.2.3. */
internal fun fixed(der: ByteArray): ByteArray {
    var at = 0

    fun next(): Int = der.getOrNull(at++)?.let { it.toInt() and 0xFF } ?: throw SignatureException()

    fun integer(): BigInteger {
        if (next() != INTEGER) throw SignatureException()
        val length = next()
        if (length !in 1..COORDINATE + 1 || length > der.size - at) throw SignatureException()
        return BigInteger(der.copyOfRange(at, at + length)).also { at += length }
    }
    if (next() != SEQUENCE || next() != der.size - 2) throw SignatureException()
    val (r, s) = integer() to integer()
    if (at != der.size || r.signum() <= 0 || s.signum() <= 0) throw SignatureException()
    return padded(r) + padded(s)
}

private fun padded(number: BigInteger): ByteArray {
    val bytes = number.toByteArray().dropWhile { it == 0.toByte() }.toByteArray()
    if (bytes.size > COORDINATE) throw SignatureException()
    return ByteArray(COORDINATE - bytes.size) + bytes
}
