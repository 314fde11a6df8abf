package kr.example.wallet.conformance

import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.Assert.fail
import java.math.BigInteger
import java.security.AlgorithmParameters
import java.security.KeyFactory
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import java.security.spec.ECParameterSpec
import java.security.spec.ECPoint
import java.security.spec.ECPublicKeySpec

/** A prompt on a real phone waits for a finger, for as long as this. */
private const val PATIENCE = 60_000L
private const val COORDINATE = 32

/** Runs a case; one that hangs has failed. */
internal fun case(body: suspend () -> Unit): Unit = runBlocking { withTimeout(PATIENCE) { body() } }

/** [call] fails with a [T], not with anything else and not at all. */
internal suspend inline fun <reified T : Throwable> refuses(
    rule: String,
    crossinline call: suspend () -> Unit,
) {
    try {
        call()
    } catch (failure: Throwable) {
        if (failure is T) return
        throw AssertionError("$rule: it failed with $failure", failure)
    }
    fail(rule)
}

/** Whether [signature] (r and s, 32 bytes each) is ES256 over [message] under [publicKey] (SEC1, 65 bytes). */
internal fun verifies(
    publicKey: ByteArray,
    message: ByteArray,
    signature: ByteArray,
): Boolean {
    // Android knows the DER form alone.
    val verifier = Signature.getInstance("SHA256withECDSA")
    verifier.initVerify(p256(publicKey))
    verifier.update(message)
    return verifier.verify(der(signature))
}

private fun p256(point: ByteArray): ECPublicKey {
    require(point.size == 1 + 2 * COORDINATE && point[0] == 4.toByte()) { "a public key is an uncompressed point" }
    val curve = AlgorithmParameters.getInstance("EC").apply { init(ECGenParameterSpec("secp256r1")) }
    val x = BigInteger(1, point.copyOfRange(1, 1 + COORDINATE))
    val y = BigInteger(1, point.copyOfRange(1 + COORDINATE, point.size))
    val spec = ECPublicKeySpec(ECPoint(x, y), curve.getParameterSpec(ECParameterSpec::class.java))
    return KeyFactory.getInstance("EC").generatePublic(spec) as ECPublicKey
}

private fun der(signature: ByteArray): ByteArray {
    require(signature.size == 2 * COORDINATE) { "a signature is r and s, 64 bytes" }
    val parts = listOf(signature.copyOfRange(0, COORDINATE), signature.copyOfRange(COORDINATE, signature.size))
    val body = parts.map { BigInteger(1, it).toByteArray() }.fold(ByteArray(0)) { all, it -> all + 2 + it.size.toByte() + it }
    return byteArrayOf(0x30, body.size.toByte()) + body
}

/** Whether [part] occurs in these bytes. */
internal fun ByteArray.holds(part: ByteArray): Boolean =
    (0..size - part.size).any { start -> part.indices.all { this[start + it] == part[it] } }
