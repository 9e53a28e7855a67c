import type { RunReport } from '../runReport.js'
import { Missing, Scroll, Section } from './section.js'

/** The config and the environment that the results depend on. */
export function SettingsSection({ report: { config, environment } }: { report: RunReport }) {
  const text = JSON.stringify(config, null, 2) as string | undefined
  return (
    <Section id="settings" title="Settings and environment">
      {text === undefined ? (
        <Missing>The configuration is not known.</Missing>
      ) : (
        <details>
          <summary>Resolved configuration</summary>
          <Scroll label="Resolved configuration" tall>
            <pre>{text}</pre>
          </Scroll>
        </details>
      )}
      {environment.length === 0 ? null : (
        <Scroll label="Table: environment and versions">
          <table class="environment">
            <caption>Environment and versions</caption>
            <tbody>
              {environment.map(([name, value]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Section>
  )
}
