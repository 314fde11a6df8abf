package kr.example.wallet.app

import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import kr.example.wallet.core.Language
import kr.example.wallet.core.WalletConfig
import java.io.IOException

/** The build names no issuer, or cannot reach what it was set up with; [hint] says more to its developer. */
public class NotSetUp(
    public val hint: String? = null,
) : IOException(hint)

/**
 * Whom the app trusts, from its assets: `issuer/url` holds the issuer's address, and the folders `issuer/issuer-roots`,
 * `issuer/card-roots` and `issuer/desk-roots` hold root certificates, DER. The browser comes back to the link in
 * `issuer/redirect-uri`, or to the core's own when it is not there: one of the app's links, by its manifest.
 */
public class IssuerAssets(
    private val context: Context,
    private val folder: String = "issuer",
) {
    /** A configuration with its vault in the app's own folder. */
    public fun config(language: Language): WalletConfig {
        val config =
            WalletConfig(
                vaultPath = vault(context),
                issuerUrl = line("url") ?: throw NotSetUp(),
                issuerRoots = roots("issuer-roots"),
                cardRoots = roots("card-roots"),
                deskRoots = roots("desk-roots"),
                language = language,
            )
        val redirect = line("redirect-uri") ?: return config
        if (!isOurs(redirect)) throw NotSetUp("$folder/redirect-uri: no link in the manifest leads to $redirect")
        return config.copy(redirectUri = redirect)
    }

    /** Whether the system opens this app with [link]: an issuance whose browser comes back to another one never ends. */
    private fun isOurs(link: String): Boolean {
        val intent = Intent(Intent.ACTION_VIEW, Uri.parse(link)).addCategory(Intent.CATEGORY_BROWSABLE).setPackage(context.packageName)
        return link.startsWith("https://") && context.packageManager.resolveActivity(intent, PackageManager.MATCH_DEFAULT_ONLY) != null
    }

    private fun line(name: String): String? = read(name)?.decodeToString()?.trim()

    private fun roots(kind: String): List<ByteArray> =
        context.assets
            .list("$folder/$kind")
            .orEmpty()
            .mapNotNull { read("$kind/$it") }

    private fun read(name: String): ByteArray? =
        try {
            context.assets.open("$folder/$name").use { it.readBytes() }
        } catch (_: IOException) {
            null
        }

    public companion object {
        /** The vault's file: in the folder that no backup takes. */
        public fun vault(context: Context): String = context.noBackupFilesDir.resolve("wallet").path
    }
}
